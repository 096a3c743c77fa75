"""The session page: note, ratings and agenda; signing, additions and holds."""
