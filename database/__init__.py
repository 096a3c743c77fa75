"""PostgreSQL backend, row-level security, prepared queries, locks and claims."""
