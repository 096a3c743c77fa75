"""What the pages of a week have in common."""

from datetime import timedelta

from django.db.models import DateTimeField

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
WEEKS = {"begins": DateTimeField(), "ends": DateTimeField()}
# No page of a week shows these of a goal's wording.
NOT_SHOWN = ("clinical_words", "low_end", "high_end")
UNREAD = [
    f"{version}__{field}" for version in ("in_force", "latest") for field in NOT_SHOWN
]
