"""Services for ./start and ./test; not used in production."""
