"""Everything a client can see or do.  If it is not here, they cannot."""
