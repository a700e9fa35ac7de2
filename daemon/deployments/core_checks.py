"""Steps that ask the payment cores: health before and after, test traffic, payments from end to end."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from checks.facts import HealthProbed
from daemon.deployments.cores import Cores
from remediation.deployment.findings import GateState, StepFinding, StepReport
from remediation.deployment.ports import Gates, StepContext
from remediation.deployment.works.looks import OnlyLooks, failed, passed, waiting
from remediation.ports import Clock

TEST_PAYMENTS = 5
"""A core that fails one payment in two is found out 97 times in 100; gates find the rest with payments of customers."""
SLOW_MS = 10_000.0
"""The owner's limit: response times of 10 seconds take a release back."""
LEDGER_AGE_SECONDS = 120.0
"""The daemon verifies the ledger every 30 s; four misses are no verification."""
TOKEN_RULE = "token-unreadable"  # noqa: S105 - the name of a rule
GOOD = frozenset({"healthy", "degraded"})


class LedgerStatus(Protocol):
    """The last check of the payment ledger. violations: one sentence each, empty when balanced."""

    @property
    def balanced(self) -> bool:
        """Whether every cent is accounted for."""

    @property
    def entries(self) -> int:
        """How many there are."""

    @property
    def checked_at_ms(self) -> int:
        """When it was looked at."""

    @property
    def violations(self) -> tuple[str, ...]:
        """What is broken."""


class Healthy(OnlyLooks):
    """The step's environment says that it takes payments, and takes one. Unhealthy ends it, unknown holds it."""

    def __init__(self, cores: Cores) -> None:
        self._cores = cores

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        region, environment = context.step.region, context.step.arguments["environment"]
        health = await self._cores.health(region, environment)
        if not health.healthy:
            return waiting(f"not healthy: {health.detail}")
        paid = await self._cores.pay(region, environment, context.attempts)
        return _payment(paid, f"{health.detail}; {paid.detail}")


def _payment(paid: HealthProbed, words: str) -> StepReport:
    if paid.status == "unknown":
        return StepReport(finding=StepFinding.HELD, detail=words)
    return passed(words) if paid.status in GOOD else failed(words)


class HealthyAndBalanced(OnlyLooks):
    """The same, and every cent of the ledger is accounted for: a release must not be blamed for what was so before."""

    def __init__(self, healthy: Healthy, ledger: Callable[[], LedgerStatus | None], clock: Clock) -> None:
        self._healthy = healthy
        self._ledger = ledger
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        status = self._ledger()
        if status is None or self._clock.now_ms() - status.checked_at_ms > LEDGER_AGE_SECONDS * 1000:
            return waiting("the ledger was not verified lately")
        if not status.balanced:
            return failed(f"the ledger is broken: {'; '.join(status.violations[:1])}")
        report = await self._healthy.perform(context, key)
        return StepReport(finding=report.finding, detail=f"{report.detail}; {status.entries} ledger entries balance")


class Tried(Protocol):
    """Whether both releases have tried to open stored cards."""

    def untried(self, context: StepContext) -> StepReport | None:
        """Why that is not known for this step, as its report; None when both have."""


class Payments(OnlyLooks):
    """Payments of one dollar at the step's environment alone, voided at once, each of the version that is meant.

    gates, tried: None where nothing beside the payments is looked at; with them, what one release seals the other must
    open, and both must have tried, unless the rule about it is in shadow.
    """

    def __init__(self, cores: Cores, gates: Gates | None = None, tried: Tried | None = None) -> None:
        self._cores = cores
        self._gates = gates
        self._tried = tried

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        cards = passed("") if self._gates is None else await self._tokens(self._gates, context)
        if cards.finding is not StepFinding.PASSED:
            # Looked at again within a second, so no payment is made for it.
            return cards
        region, arguments = context.step.region, context.step.arguments
        paid = await asyncio.gather(
            *(
                self._cores.pay(region, arguments["environment"], context.attempts * TEST_PAYMENTS + number)
                for number in range(TEST_PAYMENTS)
            )
        )
        bad = next((one for one in paid if one.status not in GOOD), None)
        if bad is not None:
            unseen = bad.status == "unknown"
            words = (
                f"{sum(one.status in GOOD for one in paid)} of {TEST_PAYMENTS} test payments went through: {bad.detail}"
            )
            return StepReport(finding=StepFinding.HELD if unseen else StepFinding.FAILED, detail=words)
        other = next((one.version for one in paid if one.version and one.version != arguments["version"]), "")
        if other:
            return failed(f"{arguments['environment']} answers as {other}, not as {arguments['version']}")
        slowest = max(one.latency_ms for one in paid)
        if slowest > SLOW_MS:
            return failed(
                f"the slowest of {TEST_PAYMENTS} test payments took {slowest:.0f} ms, {SLOW_MS:.0f} are allowed"
            )
        words = f"{TEST_PAYMENTS} test payments went through, the slowest in {slowest:.0f} ms"
        detail = f"{words}; {cards.detail}" if cards.detail else words
        return StepReport(finding=StepFinding.PASSED, detail=detail, readings=cards.readings)

    async def _tokens(self, gates: Gates, context: StepContext) -> StepReport:
        """Whether each release opens what the other has sealed."""
        readings = tuple(one for one in await gates.read(context) if one.gate == TOKEN_RULE)
        bad = next((one for one in readings if one.state is GateState.BREACHED), None)
        if bad is not None:
            detail = f"a stored card cannot be opened: {bad.shown} (limit {bad.limit})"
            return StepReport(finding=StepFinding.FAILED, detail=detail, readings=readings)
        counts = not any(one.shadow for one in readings)
        blind = next((one for one in readings if one.state is GateState.NO_DATA), None)
        if blind is not None and counts:
            return StepReport(finding=StepFinding.WAITING, detail=f"{TOKEN_RULE}: {blind.shown}", readings=readings)
        untried = self._tried.untried(context) if self._tried is not None and counts else None
        if untried is not None:
            return untried
        seen = f"{readings[0].samples} stored cards and accounts opened" if readings else "no rule is about them"
        return StepReport(finding=StepFinding.PASSED, detail=seen, readings=readings)
