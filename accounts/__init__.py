"""People, practices, sign-in, audit log, encryption, rows of outgoing email."""
