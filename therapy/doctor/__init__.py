"""What an administrator should know before anybody has to tell them.

Each finding is a line: all is well, or a sentence that says what is wrong and what to
do.  Runs as the web's role on a server; what that role cannot see, it says how to see.
"""

from therapy.doctor.finding import Finding
from therapy.doctor.round import examine

__all__ = ["Finding", "examine"]
