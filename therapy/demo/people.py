"""The people of the demo: ./start prints them, the seed makes them."""

PASSWORD = "demo-demo-demo"
ACCOUNTS = [
    ("thea@cairn.example", "therapist"),
    ("cleo@cairn.example", "her client"),
    ("ada@cairn.example", "admin"),
]
