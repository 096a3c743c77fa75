from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import book


@pytest.fixture
def session(cleo, thea):
    """A session that ended a moment ago and has no note yet."""
    return book(cleo, thea, at=timezone.now() - timedelta(minutes=50))
