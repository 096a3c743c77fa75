"""Retention: each model declares its retention class in `retention`.

    retention = "transient"
    retention_days = 30

Only transient rows are deleted so far, by `therapy.tasks.tick`. tests/test_declared.py
requires a class of every model, and of every table with client data what its export
leaves out (`not_exported`) and which fields never change (`frozen`).
"""

CLASSES = {
    "record": "as long as the client's record",
    "safety": "as long as the record, never shorter",
    "client-owned": "until the client deletes it; no longer than the record",
    "transient": "so many days after it was last needed",
    "practice content": "as long as the practice; about no client",
    "account": "as long as the person's account",
    "audit": "six years",
}

# Third-party models, which cannot declare it themselves.
OF_OTHERS = {
    "account.EmailAddress": "account",
    "account.EmailConfirmation": "account",
    "auth.Group": "account",
    "auth.Permission": "account",
    "contenttypes.ContentType": "account",
    "mfa.Authenticator": "account",
}
