"""Looks at listed payments once more, each right before its fix: at its own record, and at who has paid since."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from checks.facts import PaymentAttempted
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.fact_log import LATE_MS, place_before, reaches
from remediation.compensation.attempts import attempts_of
from remediation.compensation.model import AffectedPayment, Attempt, Fix, PaymentRecord
from remediation.compensation.ports import PaymentBooks
from remediation.compensation.proposing import propose
from remediation.compensation.state import CompensationState
from remediation.state import DeploymentState

BATCHES = 200
"""Of the log that are read at a time."""


class Again:
    """One list. What people approved was looked at when it was listed; who paid later stands in the log from there on.

    A payment is not tried again when the log no longer reaches back to the list: then a person has to look.
    """

    def __init__(
        self, checkpoint: Checkpoint, books: PaymentBooks, deployment: DeploymentState, listed: CompensationState
    ) -> None:
        self._checkpoint = checkpoint
        self._books = books
        self._deployment = deployment
        self._since_ms = listed.listed_at_ms
        self._customers: frozenset[str] = frozenset()
        self._paid: dict[str, Attempt] = {}
        self._place: int | None = None

    async def begin(self, payments: Iterable[AffectedPayment]) -> None:
        """Find out whose later payments matter: those of whoever would be charged again."""
        records = [await self._books.payment(one.payment_id) for one in payments if one.fix is Fix.RESEND]
        self._customers = frozenset(record.customer_id for record in records if record is not None)

    async def look(self, payment: AffectedPayment) -> AffectedPayment | None:
        """What would be proposed now; None when it is right by now. Raises CheckpointFailed, WorldUnreachable."""
        record = await self._books.payment(payment.payment_id)
        attempt = _attempt_of(payment, record, self._deployment)
        later = await self._paid_since() if payment.fix is Fix.RESEND else ()
        now = next(iter(propose([attempt], {payment.payment_id: record}, later)), None)
        if now is None or now.fix is not Fix.RESEND or await self._knows_who_paid():
            return now
        why = "the log of facts no longer says whether the payer has paid since"
        return replace(now, fix=Fix.INVESTIGATE, amount_cents=0, why=why)

    async def _knows_who_paid(self) -> bool:
        return await reaches(self._checkpoint, self._checkpoint.newest_sequence, self._since_ms)

    async def _paid_since(self) -> Sequence[Attempt]:
        """Everything that these customers have paid since the list was made; each part of the log is read once."""
        through = self._checkpoint.newest_sequence
        if self._place is None:
            self._place = await place_before(self._checkpoint, through, self._since_ms - LATE_MS)
        while batches := await self._checkpoint.read(self._place, through, BATCHES):
            facts = (fact for batch in batches for fact in batch.facts)
            self._paid |= attempts_of(
                fact
                for fact in facts
                if isinstance(fact, PaymentAttempted)
                and fact.outcome == "succeeded"
                and fact.customer_id in self._customers
            )
            self._place = batches[-1].sequence
        return tuple(self._paid.values())


def _attempt_of(payment: AffectedPayment, record: PaymentRecord | None, deployment: DeploymentState) -> Attempt:
    """The payer's try as it was listed; who tried it says the record, which outlives the log."""
    return Attempt(
        payment_id=payment.payment_id,
        at_ms=payment.at_ms,
        told=payment.told,
        amount_cents=0 if record is None else record.amount_cents,
        currency=payment.currency,
        environment=deployment.environment,
        version=deployment.version,
        customer_id="" if record is None else record.customer_id,
        provider_id="" if record is None else record.provider_id,
    )
