"""How many rows of a kind one record or one account may hold.

Pages show these lists whole. Without a limit, thousands of rows entered by one person
would make every opening of a page slow for everyone. Each limit stands with its model,
is far above ordinary use, and is listed in docs/performance.md.
"""

from django.core.exceptions import ValidationError
from django.db.models import QuerySet


def require_room(rows: QuerySet, most: int, why) -> None:
    """Raise ValidationError where there are `most` of these; `why` names %(most)d."""
    if rows.order_by().count() >= most:
        raise ValidationError(why, params={"most": most})
