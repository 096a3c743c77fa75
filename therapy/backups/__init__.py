"""Backup of the whole database in one encrypted file; restore; restore drill.

A manifest (rows and their digests, the catalog, versions) and pg_dump's archive are
taken from one snapshot and encrypted in one stream.  Truncation, reordering, changed
bits and a wrong key are detected.
"""


class Refused(Exception):
    """Nothing was done, or what was done is left locked; the words say why."""
