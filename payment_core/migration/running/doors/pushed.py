"""Takes events that the old processor pushes: signed, fresh, and applied by the code of the catch-up."""

from enum import StrEnum
from typing import Protocol

from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.migration.errors import NotYet, RunnerBusy
from payment_core.migration.feed.signatures import signature_problem
from payment_core.migration.running.catching_up import Taken
from payment_core.migration.running.doors.refusals import MigrationRefusal
from payment_core.migration.running.doors.views import EventView
from payment_core.migration.running.errors import OldUnreadable
from payment_core.migration.running.old_http import event_of
from payment_core.migration.running.ports import OldEvent
from payment_core.operations.call import Call


class TakesPushed(Protocol):
    """Applies one event; ``catching_up.CatchUp``."""

    async def take(self, event: OldEvent) -> Taken:
        """Apply it, once and in any order."""
        ...


class PushedEvents:
    """secrets: that sign, none where events are not taken. What cannot be taken yet is sent again by the old processor.

    The cursor of the catch-up does not move: what was pushed is read again, and then known.
    """

    def __init__(self, takes: TakesPushed | None, secrets: tuple[str, ...], clock: Clock) -> None:
        self._takes = takes
        self._secrets = secrets
        self._clock = clock

    async def take(self, call: Call, body: bytes) -> Answer | StrEnum:
        """One event. call.key: the signature's header."""
        if self._takes is None or not self._secrets:
            return MigrationRefusal.MIGRATION_NOT_CONFIGURED
        if signature_problem(call.key, body, self._secrets, self._clock.now_ms()) is not None:
            return MigrationRefusal.SIGNATURE_INVALID
        try:
            event = event_of(body)
        except OldUnreadable:
            return MigrationRefusal.EVENT_UNREADABLE
        try:
            became = await self._takes.take(event)
        except (NotYet, RunnerBusy):
            return MigrationRefusal.EVENT_TOO_EARLY
        return ok(EventView(id=event.id, became=became.value))
