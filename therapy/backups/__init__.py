"""One file that holds a practice's whole database, sealed; restoring it; the drill.

A manifest (rows and their digests, the catalogue, versions) and pg_dump's archive are
taken from one snapshot, and sealed in one stream that shows truncation, another order,
a flipped bit and a wrong key.
"""


class Refused(Exception):
    """Nothing was done, or what was done is left locked; the words say why."""
