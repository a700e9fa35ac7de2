"""What has to be known of releases only while one takes over: payments against the rail, stored cards that open."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from checks.facts import Fact, Reconciled, TokensOpened
from daemon.errors import CheckpointFailed, DaemonError, NotAsked
from daemon.probes.core_client import Reconciliation, SealedToken, Tokens
from daemon.probes.places import name_in
from daemon.sources.sink import FactSink
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


def _nothing(why: str) -> dict[type[Fact], str]:
    """Nothing was told, of any kind."""
    return {Reconciled: why, TokensOpened: why}


class ReleaseLooks:
    """Asks both releases about stored cards, and one of them about everybody's payments.

    Each step has the new release seal one card, which both have to open. Payments are asked of the old release, because
    the new one's word is what is in doubt; of the new one only when the old is too old to know the question. Whoever
    does not answer has told nothing. cores: by their names in the settings. home: the region of those whose name has
    none.
    """

    def __init__(
        self, cores: Mapping[str, ReleaseDoor], sink: FactSink, clock: Clock, *, home: str = "us-east-1"
    ) -> None:
        self._cores = cores
        self._home = home
        self._sink = sink
        self._clock = clock
        self._looked_ms: dict[str, float] = {}
        self._missing: dict[str, dict[type[Fact], str]] = {}
        self._refusing: dict[tuple[str, str], str] = {}

    def refusing(self, region: str) -> Mapping[str, str]:
        """By environment, why its release was not asked for stored cards when it was tried last."""
        return {reader: why for (where, reader), why in self._refusing.items() if where == region}

    async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
        """Look if it is time to; by kind of fact, why the last look brought none or not all of it. Never raises."""
        sides = sides_of(context.plan, context.step)
        if sides is None:
            return {}
        moment_ms = self._clock.monotonic_ms()
        last_ms = self._looked_ms.get(sides.region)
        if last_ms is None or moment_ms - last_ms >= EVERY_SECONDS * 1000:
            self._looked_ms[sides.region] = moment_ms
            self._missing.setdefault(sides.region, _nothing("it was not looked at yet"))
            self._missing[sides.region] = await self._looked(context, sides)
        return self._missing[sides.region]

    async def _looked(self, context: StepContext, sides: Sides) -> dict[type[Fact], str]:
        """Hand on what came in time; by kind of fact, why something of it is missing."""
        environments = dict.fromkeys((sides.old.environment, sides.new.environment))
        names = {environment: name_in(sides.region, environment, self._home) for environment in environments}
        found: list[Fact] = []
        missing = _nothing(f"not all of it was told within {LOOK_SECONDS:g} s")
        key = f"{context.plan.request.deployment_id}:{context.step.id}"

        async def told(kind: type[Fact], see: Callable[[], Awaitable[None]]) -> None:
            try:
                await see()
            except DaemonError as fault:
                missing[kind] = str(fault)
                log.warning("not looked at", action="look_failed", kind=kind.__name__, fault=str(fault))
            else:
                del missing[kind]

        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await asyncio.gather(
                    told(Reconciled, lambda: self._reconcile(list(names.values()), found)),
                    told(TokensOpened, lambda: self._open(names, sides, key, found)),
                )
        except TimeoutError:
            log.warning("releases do not answer in time", action="looks_not_answered", region=sides.region)
        try:
            await self._sink.accept(found, SOURCE)
        except CheckpointFailed as fault:
            log.error("looks at releases not recorded", action="looks_not_recorded", fault=str(fault))
            return _nothing(str(fault))
        return missing

    async def _reconcile(self, names: Sequence[str], found: list[Fact]) -> None:
        """Add what the first says that knows the question. Raises DaemonError when it does not answer, or none does."""
        refusal = NotAsked("no address of a release is configured (cores in tillwatch.yaml)")
        for name in names:
            core = self._cores.get(name)
            if core is None:
                continue
            try:
                told = await core.reconciliation()
            except NotAsked as fault:
                refusal = fault
                continue
            found += self._facts_of(told)
            return
        raise refusal

    def _facts_of(self, told: Reconciliation) -> list[Fact]:
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

    async def _open(self, names: Mapping[str, str], sides: Sides, key: str, found: list[Fact]) -> None:
        """Add what each release opens, as soon as it tells. Raises the first DaemonError, when the others have told.

        key: of the card that the new release seals for this step.
        """
        faults: list[DaemonError] = []
        sealed: list[str] = []
        try:
            sealed = await self._sealed(names[sides.new.environment], key)
        except DaemonError as fault:
            faults.append(fault)

        async def add(environment: str, name: str) -> None:
            try:
                found.extend(await self._tokens(name, sides.region, environment, ("", *sealed)))
            except DaemonError as fault:
                faults.append(fault)

        await asyncio.gather(*(add(environment, name) for environment, name in names.items()))
        if faults:
            raise faults[0]

    async def _sealed(self, name: str, key: str) -> list[str]:
        core = self._cores.get(name)
        return [] if core is None else [(await core.seal_test_card(key)).token]

    async def _tokens(self, name: str, region: str, reader: str, tokens: Sequence[str]) -> list[Fact]:
        """What one release opens, one fact for each data key; tokens: which, and empty for some under each key.

        Raises DaemonError when it does not tell.
        """
        core = self._cores.get(name)
        try:
            if core is None:
                refusal = f"no address is configured for {name} (cores in tillwatch.yaml)"
                raise NotAsked(refusal)  # noqa: TRY301 - it is kept as the refusal of a core is
            told = [key for token in tokens for key in (await core.tokens(token)).keys]
        except NotAsked as fault:
            self._refusing[region, reader] = str(fault)
            raise
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
