"""How a job goes through what is due: one after the other, and what cannot be done does not hold the others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from payment_core.store.records import Record

log = structlog.get_logger()

BATCH_MAX = 200
"""Records in one run: at some milliseconds each, a run ends before the next second's."""

R = TypeVar("R", bound=Record)


async def each(records: Sequence[R], handle: Callable[[R], Awaitable[bool]], job: str) -> int:
    """Handle the records in order; returns how many had something done. A fault is logged and tried again later."""
    done = 0
    for record in records:
        try:
            done += await handle(record)
        except Exception:
            log.exception("a job could not do one of its things", action="job_failed", job=job, subject=record.id)
    return done
