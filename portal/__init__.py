"""Everything a client can see or do; a client cannot do what has no URL here."""
