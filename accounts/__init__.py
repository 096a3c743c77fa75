"""People, practices, sign-in, the audit log, encryption and the email outbox."""
