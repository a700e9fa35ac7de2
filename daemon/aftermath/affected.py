"""Looks for the payments that a release left wrong: its attempts from the log of facts, what they are from the core."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from checks.facts import Fact, PaymentAttempted
from daemon.aftermath.again import Again
from daemon.aftermath.payment_log import payments_since
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.fact_log import reaches
from remediation.compensation.attempts import attempts_of
from remediation.compensation.model import AffectedPayment, Attempt, PaymentRecord
from remediation.compensation.ports import PaymentBooks
from remediation.compensation.proposing import propose
from remediation.compensation.state import CompensationState
from remediation.state import DeploymentState

LOOKED_MAX = 2_000
"""Payments that the core is asked for in one look, a few milliseconds each; failed ones come first."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found. unread: attempts of the release that the core was not asked for.

    from_the_beginning: whether the log still has the release's first payments; what it lacks nobody looked at.
    """

    payments: tuple[AffectedPayment, ...]
    unread: int
    from_the_beginning: bool


class AffectedPayments:
    """Reads the checkpoint's log, which holds a day, and the payment core."""

    def __init__(self, checkpoint: Checkpoint, books: PaymentBooks) -> None:
        self._checkpoint = checkpoint
        self._books = books

    async def look(self, deployment: DeploymentState) -> Found:
        """What the release has left wrong until now. Raises CheckpointFailed, WorldUnreachable or WorldRefused."""
        attempts = attempts_of(await self._of(deployment))
        # What ended well as far as anybody was told is the last to be looked at, the newest of it first.
        ordered = sorted(attempts.values(), key=lambda one: (one.told == "succeeded", -one.at_ms))
        looked = ordered[:LOOKED_MAX]
        records = await self._records(looked)
        failed = [one for one in looked if one.told != "succeeded"]
        later = await self._paid_by(failed, deployment)
        through = self._checkpoint.newest_sequence
        whole = await reaches(self._checkpoint, through, deployment.started_at_ms)
        return Found(propose(looked, records, later), len(ordered) - len(looked), whole)

    def again(self, deployment: DeploymentState, listed: CompensationState) -> Again:
        """Looks at the payments of a list once more, before each is put right."""
        return Again(self._checkpoint, self._books, deployment, listed)

    async def _of(self, deployment: DeploymentState) -> list[Fact]:
        return [
            fact
            async for fact in payments_since(self._checkpoint, deployment.started_at_ms)
            if fact.version == deployment.version and fact.environment == deployment.environment
        ]

    async def _paid_by(self, failed: list[Attempt], deployment: DeploymentState) -> list[Attempt]:
        """The attempts that succeeded of those who had failed, on whatever version."""
        customers = {one.customer_id for one in failed if one.customer_id}
        if not customers:
            return []
        paid = [
            fact
            async for fact in payments_since(self._checkpoint, deployment.started_at_ms)
            if isinstance(fact, PaymentAttempted) and fact.outcome == "succeeded" and fact.customer_id in customers
        ]
        return list(attempts_of(paid).values())

    async def _records(self, attempts: Iterable[Attempt]) -> dict[str, PaymentRecord | None]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(payment_id: str) -> tuple[str, PaymentRecord | None]:
            async with slots:
                return payment_id, await self._books.payment(payment_id)

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(ask(one.payment_id)) for one in attempts]
        except ExceptionGroup as faults:
            # Whoever calls waits for a payment core that is away; a group of its faults would end the daemon.
            raise faults.exceptions[0] from faults
        return dict(one.result() for one in asked)
