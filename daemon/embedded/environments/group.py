"""The processes of one environment, brought to what was asked for last, one by one and never below its size."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

import msgspec
import structlog

from config.scenario import Environment
from daemon.embedded.environments.cores import address_of
from daemon.embedded.faults import StackFailed
from daemon.environments.load import EnvironmentLoad, ProcessLoad
from daemon.environments.region import Batch
from remediation.deployment.ports import EnvironmentState
from remediation.ports import Clock

log = structlog.get_logger()

DRAIN_SECONDS = 2.5
"""Clients know an address for two seconds, one in the resolver and one in themselves (resources.TTL_SECONDS)."""

DRAIN_STEPS = 10
"""Where the loop lags behind, so do the clients that share it: each step waits for it once more."""

KEYS_MAX = 200
"""Keys of what was asked for that are remembered; a deployment asks a handful of times."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment should run: this version, this often, but for ``behind`` processes of the version before."""

    version: str
    size: int
    before: str = ""
    behind: int = 0

    @property
    def told(self) -> str:
        """The version of the environment: the new one once all of it runs that."""
        return self.before if self.behind > 0 else self.version

    def at(self, slot: int) -> str:
        """What runs in a slot; the first ones change last."""
        return self.before if slot < self.behind else self.version


class KeyReused(StackFailed):
    """The key was used to ask for something else."""


class NothingRan(StackFailed):
    """Nothing was ever asked to run there, so there is no version to start; deploy one."""


class NotToRoll(StackFailed):
    """Such a batch cannot be asked for."""


class Instance(Protocol):
    """One process of an environment."""

    @property
    def version(self) -> str:
        """What it runs."""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""

    async def is_ready(self) -> bool:
        """Whether it can take payments."""

    async def load(self, slot: int) -> ProcessLoad | None:
        """What it is busy with; None when it does not tell."""

    async def stop(self) -> None:
        """Let it finish what it does, in bounded time."""

    async def kill(self) -> None:
        """End it at once, as a crash would."""

    def hurry(self) -> None:
        """Send it a signal that it cannot ignore, and do not wait."""


class Starter(Protocol):
    """Starts processes."""

    async def start(self, environment: Environment, slot: int, version: str) -> Instance:
        """Start one, and return when it takes payments. Raises StackFailed when it does not, and leaves none behind."""


class EnvironmentGroup:
    """One environment. What is asked for is absolute, and a key is carried out once.

    Its processes stand in slots, the wanted ones from 0. One process more of the new version is started first, so one
    that cannot start takes nothing away. Then each old process is replaced at its address: the new one listens there
    too before the old one ends, and clients have left by then.
    """

    def __init__(
        self, environment: Environment, starter: Starter, clock: Clock, drain_seconds: float = DRAIN_SECONDS
    ) -> None:
        self.environment = environment
        self._starter = starter
        self._clock = clock
        self._drain_seconds = drain_seconds
        self._instances: dict[int, Instance] = {}
        self._leaving: set[int] = set()
        self._successor: Instance | None = None
        self._wish: Wish | None = None
        self._is_done = True
        self._failed = ""
        self._keys: OrderedDict[str, Wish] = OrderedDict()
        self._asked = asyncio.Event()
        self._turn = asyncio.Lock()

    async def begin(self, version: str) -> None:
        """Run one process of this version, and return when it takes payments. Raises StackFailed."""
        self._wish = Wish(version=version, size=1)
        await self.restart()

    def deploy(self, version: str, size: int, key: str) -> None:
        """Ask for this version and size; returns at once. Raises KeyReused."""
        self._ask(Wish(version=version, size=size), key)

    def resize(self, size: int, key: str) -> None:
        """Ask for this size of what runs or ran last; returns at once. Raises KeyReused, NothingRan."""
        known = self._keys.get(key)
        if known is not None and known.size == size:
            return
        wish = self._known_wish()
        if self._version(wish) == wish.told:
            self._ask(msgspec.structs.replace(wish, size=size, behind=min(wish.behind, size)), key)
        else:
            self._ask(Wish(version=self._version(wish), size=size), key)

    def roll(self, version: str, count: int, key: str) -> None:
        """Ask for so many processes of this version, the others as before; returns at once.

        Raises KeyReused, NothingRan; NotToRoll when there are fewer, or when nobody knows what the others ran.
        """
        wish = self._known_wish()
        before = wish.before if wish.version == version else wish.version
        if count > wish.size or (before == "" and count < wish.size):
            raise NotToRoll(f"{self.environment} runs {wish.size} of {wish.version}, not {count} of {version}.")
        self._ask(Wish(version=version, size=wish.size, before=before, behind=wish.size - count), key)

    async def rolled(self, version: str) -> Batch:
        """How far the version has come. Raises NothingRan."""
        self._known_wish()
        ready = await self._ready()
        state = self._state(self._known_wish(), ready)
        new = sum(one.version == version for slot, one in self._instances.items() if slot in ready)
        return Batch(new=min(new, state.desired), settled=state.settled, failed=state.failed)

    async def run(self) -> None:
        """Carry out what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self.restart()
            except StackFailed as fault:
                log.error("not deployed", action="not_deployed", environment=self.environment, fault=str(fault))

    async def restart(self) -> None:
        """Bring the processes to what was asked for last; what died is started again. Raises StackFailed."""
        async with self._turn:
            while (wish := self._wish) is not None:
                try:
                    await self._bring_to(wish)
                except StackFailed as fault:
                    if self._wish is not wish:
                        continue
                    self._failed, self._is_done = str(fault), True
                    raise
                if self._wish is wish:
                    self._is_done = True
                    return

    async def look(self) -> EnvironmentState | None:
        """What runs now; None when nothing was ever to run."""
        if self._wish is None:
            return None
        ready = await self._ready()
        # From here on nothing waits: what is told is of one moment.
        return self._state(self._wish, ready)

    async def load(self) -> EnvironmentLoad:
        """What its running processes are busy with, those that are being taken away included."""
        asked = [(slot, one) for slot, one in sorted(self._instances.items()) if one.running]
        told = await asyncio.gather(*(one.load(slot) for slot, one in asked))
        return EnvironmentLoad(processes=[one for one in told if one is not None], unread=told.count(None))

    def addresses(self) -> tuple[str, ...]:
        """Where clients are sent: the running processes that are not to be stopped, or the first address if none."""
        slots = [slot for slot, one in sorted(self._instances.items()) if one.running and slot not in self._leaving]
        return tuple(address_of(self.environment, slot) for slot in (slots if slots else [0]))

    async def crash(self) -> None:
        """Kill every process, as a crash would; nothing starts them again but restart, or another wish."""
        await asyncio.gather(*(instance.kill() for instance in self._all()))

    async def stop(self) -> None:
        """Stop every process at once; nobody is expected to be served any more."""
        await asyncio.gather(*(instance.stop() for instance in self._all()))

    def hurry(self) -> None:
        """Kill every process and do not wait."""
        for instance in self._all():
            instance.hurry()

    def _all(self) -> list[Instance]:
        return [*self._instances.values(), *([] if self._successor is None else [self._successor])]

    def _ask(self, wish: Wish, key: str) -> None:
        known = self._keys.get(key)
        if known == wish:
            return
        if known is not None:
            raise KeyReused(f"It asked for {known.size} of {known.version} before.")
        self._keys[key] = wish
        if len(self._keys) > KEYS_MAX:
            self._keys.popitem(last=False)
        if wish == self._wish and self._is_done and not self._failed:
            return
        self._wish, self._is_done, self._failed = wish, False, ""
        self._asked.set()

    def _known_wish(self) -> Wish:
        if self._wish is None:
            raise NothingRan(self.environment)
        return self._wish

    def _version(self, wish: Wish) -> str:
        """What is or will be run; after a failure what is left, as nothing else will be."""
        left = {instance.version for instance in self._instances.values() if instance.running}
        return left.pop() if self._failed and len(left) == 1 else wish.told

    async def _ready(self) -> set[int]:
        """The slots whose process takes payments."""
        asked = [(slot, one) for slot, one in self._instances.items() if one.running]
        answers = await asyncio.gather(*(one.is_ready() for _, one in asked))
        found = {slot for (slot, one), is_ready in zip(asked, answers, strict=True) if is_ready}
        return {slot for slot, one in asked if slot in found and self._instances.get(slot) is one and one.running}

    def _state(self, wish: Wish, ready: set[int]) -> EnvironmentState:
        version = self._version(wish)
        running = sum(one.running for one in self._instances.values())
        # After a failure, what is left is what is looked after.
        wanted = {slot: version if self._failed else wish.at(slot) for slot in ready}
        healthy = sum(self._instances[slot].version == wanted[slot] for slot in ready)
        settled = self._is_done and not self._failed and running == healthy == wish.size
        return EnvironmentState(
            version=version,
            desired=wish.size,
            running=running,
            healthy=healthy,
            settled=settled,
            failed=self._failed,
            detail=f"{healthy} of {wish.size} processes take payments{_mixture(wish)}",
        )

    async def _bring_to(self, wish: Wish) -> None:
        """Do one thing after the other while nothing else is asked for."""
        for slot in [slot for slot, instance in self._instances.items() if not instance.running]:
            del self._instances[slot]
            self._leaving.discard(slot)
        for slot in self._missing(wish):
            if self._wish is not wish:
                return
            await self._start(slot, wish.at(slot))
        for slot in self._stale(wish):
            if self._wish is not wish:
                return
            if len(self._instances) <= wish.size:
                await self._start(wish.size, wish.at(slot))
            await self._replace(slot, wish.at(slot))
        for slot in [slot for slot in sorted(self._instances, reverse=True) if slot >= wish.size]:
            if self._wish is not wish:
                return
            await self._retire(slot)

    def _missing(self, wish: Wish) -> Iterator[int]:
        return (slot for slot in range(wish.size) if slot not in self._instances)

    def _stale(self, wish: Wish) -> list[int]:
        """Wanted slots with another version, the first one last: it does the background jobs."""
        others = (slot for slot, instance in self._instances.items() if instance.version != wish.at(slot))
        return sorted((slot for slot in others if slot < wish.size), reverse=True)

    async def _start(self, slot: int, version: str) -> None:
        self._instances[slot] = await self._starter.start(self.environment, slot, version)

    async def _replace(self, slot: int, version: str) -> None:
        self._leaving.add(slot)
        try:
            self._successor = await self._starter.start(self.environment, slot, version)
            await self._drain()
            await self._instances[slot].stop()
            self._instances[slot], self._successor = self._successor, None
        finally:
            self._leaving.discard(slot)

    async def _retire(self, slot: int) -> None:
        self._leaving.add(slot)
        if self._instances[slot].running:
            await self._drain()
        await self._instances[slot].stop()
        del self._instances[slot]
        self._leaving.discard(slot)

    async def _drain(self) -> None:
        """Wait until no client has the address any more."""
        for _ in range(DRAIN_STEPS):
            await self._clock.sleep(self._drain_seconds / DRAIN_STEPS)


def _mixture(wish: Wish) -> str:
    """What runs beside the version before, while both do."""
    return f", {wish.size - wish.behind} of them run {wish.version}" if 0 < wish.behind < wish.size else ""
