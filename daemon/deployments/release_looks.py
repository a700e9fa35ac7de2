"""What has to be known of releases only while one takes over: payments against the rail, stored cards that open."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from checks.facts import Fact, Reconciled, TokensOpened
from daemon.errors import CheckpointFailed, DaemonError, NotAsked
from daemon.probes.core_client import Reconciliation, SealedToken, Tokens
from daemon.probes.places import name_in
from remediation.deployment.gates.sides import Sides, sides_of
from remediation.deployment.ports import StepContext
from remediation.ports import Clock

log = structlog.get_logger()

EVERY_SECONDS = 15.0
"""Between two looks at a region: a mismatch is known within that, and the rail is asked about 100 payments in it."""
LOOK_SECONDS = 3.0
"""A rail that answers in 100 ms is asked about 100 payments in one; a core that hangs must not keep the other gates."""
SOURCE = "probes"


class ReleaseDoor(Protocol):
    """A core that looks at what it and others have written. Raises DaemonError."""

    async def reconciliation(self) -> Reconciliation:
        """The newest payments of every release, against the rail."""

    async def tokens(self, token: str = "") -> Tokens:
        """Keys of stored cards and accounts, or of one of them, opened by this release."""

    async def seal_test_card(self, key: str) -> SealedToken:
        """A token of the test card, sealed by this release; the same one for the same key."""


class Sink(Protocol):
    """Takes facts. Raises CheckpointFailed."""

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Record and evaluate them."""


class ReleaseLooks:
    """Asks both releases about stored cards, and one of them about everybody's payments.

    Each step has the new release seal one card, which both have to open. Payments are asked of the old release, because
    the new one's word is what is in doubt; of the new one only when the old is too old to know the question. Whoever
    does not answer has told nothing. cores: by their names in the settings. home: the region of those whose name has
    none.
    """

    def __init__(self, cores: Mapping[str, ReleaseDoor], sink: Sink, clock: Clock, *, home: str = "us-east-1") -> None:
        self._cores = cores
        self._home = home
        self._sink = sink
        self._clock = clock
        self._looked_ms: dict[str, float] = {}
        self._refusing: dict[tuple[str, str], str] = {}

    def refusing(self, region: str) -> Mapping[str, str]:
        """By environment, why its release was not asked for stored cards when it was tried last."""
        return {reader: why for (where, reader), why in self._refusing.items() if where == region}

    async def look(self, context: StepContext) -> None:
        """Look if it is time to. Never raises."""
        sides = sides_of(context.plan, context.step)
        moment_ms = self._clock.monotonic_ms()
        last_ms = self._looked_ms.get(context.step.region)
        if sides is None or (last_ms is not None and moment_ms - last_ms < EVERY_SECONDS * 1000):
            return
        self._looked_ms[context.step.region] = moment_ms
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                facts = await self._seen(context, sides)
        except TimeoutError:
            log.warning("releases do not answer in time", action="looks_not_answered", region=sides.region)
            return
        try:
            await self._sink.accept(facts, SOURCE)
        except CheckpointFailed as fault:
            log.error("looks at releases not recorded", action="looks_not_recorded", fault=str(fault))

    async def _seen(self, context: StepContext, sides: Sides) -> list[Fact]:
        environments = dict.fromkeys((sides.old.environment, sides.new.environment))
        names = {environment: name_in(sides.region, environment, self._home) for environment in environments}
        key = f"{context.plan.request.deployment_id}:{context.step.id}"
        sealed = await self._sealed(names[sides.new.environment], key)
        opened = (
            self._tokens(names[environment], sides.region, environment, ("", *sealed)) for environment in environments
        )
        answers = await asyncio.gather(self._reconciled(list(names.values())), *opened)
        return [fact for answer in answers for fact in answer]

    async def _reconciled(self, names: Sequence[str]) -> list[Fact]:
        """What the first says that knows the question."""
        told = Reconciliation([])
        for name in names:
            core = self._cores.get(name)
            if core is None:
                continue
            try:
                told = await core.reconciliation()
            except NotAsked as fault:
                log.info("payments not reconciled", action="not_reconciled", core=name, fault=str(fault))
            except DaemonError as fault:
                log.warning("payments not reconciled", action="not_reconciled", core=name, fault=str(fault))
                return []
            else:
                break
        now_ms = self._clock.now_ms()
        return [
            Reconciled(
                id=f"reconciled:{one.region}:{one.environment}:{one.version}:{now_ms}",
                at_ms=now_ms,
                subject=one.environment,
                region=one.region,
                environment=one.environment,
                version=one.version,
                examined=one.examined,
                unknown=one.unknown,
                mismatched=one.mismatched,
                example=one.example,
            )
            for one in told.releases
        ]

    async def _sealed(self, name: str, key: str) -> list[str]:
        core = self._cores.get(name)
        if core is None:
            return []
        try:
            return [(await core.seal_test_card(key)).token]
        except DaemonError as fault:
            log.warning("test card not sealed", action="test_card_not_sealed", core=name, fault=str(fault))
            return []

    async def _tokens(self, name: str, region: str, reader: str, tokens: Sequence[str]) -> list[Fact]:
        """What one release opens, one fact for each data key; tokens: which, and empty for some under each key."""
        core = self._cores.get(name)
        if core is None:
            self._refusing[region, reader] = f"no address is configured for {name} (cores in tillwatch.yaml)"
            return []
        try:
            told = [key for token in tokens for key in (await core.tokens(token)).keys]
        except NotAsked as fault:
            self._refusing[region, reader] = str(fault)
            log.warning("tokens not asked for", action="tokens_not_asked", core=name, fault=str(fault))
            return []
        except DaemonError as fault:
            log.warning("tokens not opened", action="tokens_not_opened", core=name, fault=str(fault))
            return []
        self._refusing.pop((region, reader), None)
        now_ms = self._clock.now_ms()
        found: list[Fact] = []
        for data_key in dict.fromkeys(one.data_key for one in told if one.opened or one.failed):
            under = [one for one in told if one.data_key == data_key]
            found.append(
                TokensOpened(
                    id=f"tokens:{region}:{reader}:{data_key}:{now_ms}",
                    at_ms=now_ms,
                    subject=data_key,
                    region=region,
                    reader=reader,
                    opened=sum(one.opened for one in under),
                    failed=sum(one.failed for one in under),
                    example=next((one.example for one in under if one.failed), ""),
                )
            )
        return found
