"""Exercises that a client does between sessions."""
