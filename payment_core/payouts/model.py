"""What is kept of payouts, of the days they were paid on, and of the limits they used up."""

from enum import StrEnum
from typing import Literal

from payment_core.payouts.states import PayoutStatus
from payment_core.store.records import Document, Record

Speed = Literal["standard", "same_day"]


class Hold(StrEnum):
    """Why a payout waits, in order of precedence; its money is set aside meanwhile."""

    FRAUD_BLOCKED = "fraud_blocked"
    PROVIDER_NOT_ACTIVE = "provider_not_active"
    BANK_ACCOUNT_DISABLED = "bank_account_disabled"
    BANK_ACCOUNT_UNVERIFIED = "bank_account_unverified"
    BANK_ACCOUNT_CHANGED = "bank_account_changed"
    DISPUTE_OPEN = "dispute_open"
    FRAUD_REVIEW = "fraud_review"
    APPROVAL_NEEDED = "approval_needed"


class Payout(Document, frozen=True, gc=False, kw_only=True, tag="payout"):
    """Money on its way to a provider; amounts in cents, times in Unix milliseconds.

    source: who asked. slot: of a scheduled one, ``provider:date``. holds: why it waits. approvals: who approved it.
    risk: what the fraud score asked for. counted_on: the day in New York whose limits it uses. next_check_at_ms: when
    the job looks at it. arrives_at_ms: when the money should be there. return_code: NACHA's. failure: why it failed.
    """

    status: PayoutStatus = "requested"
    provider_id: str
    bank_account_id: str
    amount_cents: int
    currency: Literal["USD"] = "USD"
    speed: Speed = "standard"
    source: Literal["api", "schedule"] = "api"
    slot: str = ""
    requested_by: str
    holds: tuple[Hold, ...] = ()
    risk: Literal["approve", "monitor", "review", "block", "freeze"] = "approve"
    risk_reasons: tuple[str, ...] = ()
    approvals_needed: int = 0
    approvals: tuple[str, ...] = ()
    counted_on: str
    next_check_at_ms: int = 0
    entry_id: str = ""
    arrives_at_ms: int = 0
    return_code: str = ""
    failure: str = ""

    @property
    def owner(self) -> str:
        """The provider."""
        return self.provider_id

    @property
    def due_at_ms(self) -> int:
        """When the job has to look at it."""
        return self.next_check_at_ms if self.status in {"requested", "approved"} else 0


class PayoutSlot(Record, frozen=True, gc=False, kw_only=True, tag="payout_slot"):
    """That a provider was paid by schedule on a day; its id is ``provider:date``."""

    payout_id: str


class PayoutTotals(Record, frozen=True, gc=False, kw_only=True, tag="payout_totals"):
    """What a provider's payouts of one day or month add up to; its id is ``provider:date`` or ``provider:month``."""

    cents: int = 0


class ScheduleProgress(Record, frozen=True, gc=False, kw_only=True, tag="payout_schedule"):
    """How far the schedule of a day has come; its id is the date. after: the last provider that was looked at."""

    after: str = ""
    done: bool = False


RECORDS: tuple[type[Record], ...] = (Payout, PayoutSlot, PayoutTotals, ScheduleProgress)
