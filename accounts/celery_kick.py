"""Tells the worker that something is to be done, so that nobody waits for a tick.

The tick is what guarantees.  A page never fails and hardly ever waits for this: while
Redis does not answer, it is asked once a minute.
"""

import logging
import time

from celery import current_app

logger = logging.getLogger(__name__)
TASK = "send_due"  # a name, since that room is above this one
PAUSE = 60
# A connection of its own: the worker's waits for seconds, as it must.
IMPATIENT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
_silent_until = 0.0


def the_sender() -> None:
    the_worker(TASK)


def the_worker(task: str, **options) -> None:
    """To do this task; `options` are those of send_task, `args` among them."""
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
