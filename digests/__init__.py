"""Emails: what is sent, to whom and when; the outbox and weekly digests."""
