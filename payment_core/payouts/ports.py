"""What payouts need of others: a fraud score, and what open disputes may still take."""

from typing import Protocol

import msgspec

from checks.facts import PayoutRequested
from checks.scoring.model import Decision


class RiskDecision(Protocol):
    """What the score says; ``payment_core.fraud.scorer.FraudDecision``."""

    @property
    def decision(self) -> Decision:
        """Approve, monitor, review, block or freeze."""
        ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes of what spoke against it."""
        ...

    @property
    def score(self) -> object | None:
        """None when nothing could be said."""
        ...


class PayoutRisk(Protocol):
    """Scores a payout before it is accepted; an outage is a review, never an approval."""

    def score(self, fact: PayoutRequested, now_ms: int, name: str | None = None) -> RiskDecision:
        """Decide. name: of the payee, to be screened."""
        ...


class OpenDisputes(Protocol):
    """What may still be taken from a provider."""

    async def unsecured_cents(self, provider_id: str) -> int:
        """The sum of its open disputes, less what the ledger has set aside for them."""
        ...


class Risk(msgspec.Struct, frozen=True):
    """A decision as it is stored with the payout."""

    decision: Decision
    reasons: tuple[str, ...] = ()


class Assessed(msgspec.Struct, frozen=True):
    """A request as it was scored, which is the event of the payout's first version, and what was decided of it."""

    requested: PayoutRequested
    risk: Risk
