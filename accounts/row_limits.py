"""How many rows of a kind one record or one account may hold, or gain in a day.

Pages show these lists whole. Without a limit, thousands of rows entered by one person
would make every opening of a page slow for everyone. Each limit stands with its model,
is far above ordinary use, and is listed in docs/performance.md.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

A_DAY = timedelta(hours=24)


def require_room(rows: QuerySet, most: int, why) -> None:
    """Raise ValidationError where there are `most` of these; `why` names %(most)d."""
    if rows.order_by().count() >= most:
        raise ValidationError(why, params={"most": most})


def require_room_today(rows: QuerySet, most: int, why) -> None:
    """Raise ValidationError where `most` of these were added in the last 24 hours."""
    require_room(rows.filter(at__gt=timezone.now() - A_DAY), most, why)
