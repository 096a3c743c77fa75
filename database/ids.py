"""Row ids: UUID version 7 (RFC 9562), ordered by time so that indexes stay small.

Within a millisecond a counter keeps the order of one process.
"""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = (0, 0)  # millisecond, counter


def uuid7() -> UUID:
    """A new id, greater than every earlier one of this process."""
    global _last
    with _lock:
        now = time.time_ns() // 1_000_000
        millisecond, counter = _last
        if now > millisecond:
            # Half of the 12 bits are left for counting up.
            _last = (now, int.from_bytes(os.urandom(2)) & 0x7FF)
        elif counter < 0xFFF:
            _last = (millisecond, counter + 1)
        else:
            _last = (millisecond + 1, 0)
        millisecond, counter = _last
    noise = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(
        int=(millisecond << 80) | (7 << 76) | (counter << 64) | (2 << 62) | noise
    )
