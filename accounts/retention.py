"""How long a row is kept: each model says its class in `retention`.

    retention = "transient"
    retention_days = 30

Nothing is deleted by these yet, but for what is transient: `therapy.tasks.tick` sweeps.
tests/test_declared.py asks every model for its class, and every table of a client for
what its copy leaves out (`not_exported`) and what never changes (`frozen`).
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

# Models that are not ours, which cannot say it themselves.
OF_OTHERS = {
    "account.EmailAddress": "account",
    "account.EmailConfirmation": "account",
    "auth.Group": "account",
    "auth.Permission": "account",
    "contenttypes.ContentType": "account",
    "mfa.Authenticator": "account",
}
