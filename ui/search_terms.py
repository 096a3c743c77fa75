"""The search text of a list."""


def sought(request) -> str:
    """The text of ?q=, without NUL, which PostgreSQL rejects."""
    return request.GET.get("q", "").replace("\0", "").strip()[:80]
