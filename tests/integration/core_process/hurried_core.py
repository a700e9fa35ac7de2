"""The payment core as a program whose jobs look for work all the time, and which can be told where to die."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from payment_core.__main__ import main
from payment_core.ach.delivery.folder import FolderDelivery
from payment_core.assembly import core, delivering, stores
from payment_core.clock import Clock, SystemClock
from payment_core.jobs import Duty, Rota
from payment_core.store.port import Work
from payment_core.store.sqlite.store import SqliteStore
from payment_core.vault.keys import watch as key_watch

EVERY_SECONDS_MAX = 0.1
OVER_A_TABLE_SECONDS_MAX = 0.4
"""Every look at a table is a call: at ten a second the jobs would keep the stand-in from everything else."""
NEVER = "never"
"""Or ``deliver:before``, ``deliver:after``, or the NUMBER-th transaction of an actor:
``commit:ACTOR:NUMBER:before|after``. Behind an ``@`` of either: how many milliseconds the clock is ahead.
"""


class HurriedRota(Rota):
    """Runs every duty many times a second."""

    every_seconds_max = EVERY_SECONDS_MAX

    def __init__(self, duties: tuple[Duty, ...], clock: Clock) -> None:
        hurried = [
            msgspec.structs.replace(duty, every_seconds=min(duty.every_seconds, self.every_seconds_max))
            for duty in duties
        ]
        super().__init__(tuple(hurried), clock)


class ClockAhead(SystemClock):
    """The machine's clock in the future."""

    ahead_ms = 0

    def now_ms(self) -> int:
        """Later than now."""
        return super().now_ms() + self.ahead_ms


def die() -> None:
    """End as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingDelivery(FolderDelivery):
    """Dies before the bank has the file, or right after."""

    place = NEVER

    async def put(self, name: str, content: bytes, sha256: str) -> None:
        """Hand it over, or not."""
        if self.place == "deliver:before":
            die()
        await super().put(name, content, sha256)
        if self.place == "deliver:after":
            die()


class DyingStore(SqliteStore):
    """Dies around one transaction of an actor."""

    actor, number, when = "", 0, ""

    # Keywords of the store it stands for, passed through.
    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - see above
        super().__init__(**options)
        self._seen: Counter[str] = Counter()

    # The answer is the work's, which is passed through.
    async def transact(self, work: Work[Any], actor: str) -> Any:  # noqa: ANN401 - see above
        """Run it, and die when its turn has come."""
        self._seen[actor] += 1
        is_last = actor == self.actor and self._seen[actor] == self.number
        if is_last and self.when == "before":
            die()
        answer = await super().transact(work, actor)
        if is_last:
            die()
        return answer


def arm(orders: str, flags: Sequence[str]) -> None:
    """Put the dying parts in the place of the real ones."""
    place, _, ahead_ms = orders.partition("@")
    ClockAhead.ahead_ms = int(ahead_ms) if ahead_ms != "" else 0
    if "dynamodb" in flags:
        HurriedRota.every_seconds_max = OVER_A_TABLE_SECONDS_MAX
    # Each is the one name by which the core makes the part.
    vars(core).update(SystemClock=ClockAhead, Rota=HurriedRota)
    key_watch.LOOK_SECONDS = EVERY_SECONDS_MAX
    if place.startswith("deliver:"):
        DyingDelivery.place = place
        vars(delivering).update(FolderDelivery=DyingDelivery)
    elif place != NEVER:
        _, rest = place.split(":", 1)
        DyingStore.actor, number, DyingStore.when = rest.rsplit(":", 2)
        DyingStore.number = int(number)
        vars(stores).update(SqliteStore=DyingStore)


if __name__ == "__main__":
    arm(sys.argv[1], sys.argv[2:])
    sys.exit(main(sys.argv[2:], "hurried_core"))
