"""Limits on the rows of a kind that one record or account may hold, or add in a day.

Pages show these lists whole. Without a limit, thousands of rows entered by one person
would make the page slow for everyone. Each limit is defined with its model, is far
above ordinary use, and is listed in docs/performance.md.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

A_DAY = timedelta(hours=24)


def require_room(rows: QuerySet, most: int, why) -> None:
    """Raise ValidationError if there are `most` of these; `why` contains %(most)d."""
    if rows.order_by().count() >= most:
        raise ValidationError(why, params={"most": most})


def require_room_today(rows: QuerySet, most: int, why) -> None:
    """Raise ValidationError if `most` of these were added in the last 24 hours."""
    require_room(rows.filter(at__gt=timezone.now() - A_DAY), most, why)
