"""Wake the worker when there is work, so that nobody waits for the next minute's run.

The run each minute is the guarantee. A page never fails because of this and hardly
waits: while Redis does not answer, it is tried once a minute.
"""

import logging
import time

from celery import current_app

logger = logging.getLogger(__name__)
TASK = "send_due"  # by name, because `therapy` is above this room
PAUSE = 60
# A separate connection: the worker's own one may block for seconds, a page must not.
IMPATIENT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
_silent_until = 0.0


def the_sender() -> None:
    the_worker(TASK)


def the_worker(task: str, **options) -> None:
    """Send this task to the worker; `options` are those of send_task."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as broker:
            current_app.send_task(
                task,
                expires=50,
                ignore_result=True,
                retry=False,
                connection=broker,
                **options,
            )
    except Exception as error:
        _silent_until = time.monotonic() + PAUSE
        logger.warning("not nudged (%s): the next tick does it", type(error).__name__)
