"""What the weekly pages have in common."""

from datetime import timedelta

from django.db.models import DateTimeField

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
WEEKS = {"begins": DateTimeField(), "ends": DateTimeField()}
# Details of a goal's wording that no weekly page shows.
NOT_SHOWN = ("clinical_words", "low_end", "high_end")
UNREAD = [
    f"{version}__{field}" for version in ("in_force", "latest") for field in NOT_SHOWN
]
