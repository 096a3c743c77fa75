"""What is looked for in a list."""


def sought(request) -> str:
    """The words in ?q=; PostgreSQL knows no NUL byte."""
    return request.GET.get("q", "").replace("\0", "").strip()[:80]
