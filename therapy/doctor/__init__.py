"""Checks an installation: `manage.py doctor`.

Each finding is a line: ok, or what is wrong and how to fix it.  Runs as the web's role
on a server; for checks that this role cannot make, it says how to make them.
"""

from therapy.doctor.finding import Finding
from therapy.doctor.round import examine

__all__ = ["Finding", "examine"]
