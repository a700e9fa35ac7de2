"""A payment core small enough to count: what it has, and what it did for each key."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from remediation.compensation.model import Attempt, PaymentRecord
from remediation.errors import WorldRefused, WorldUnreachable

AT_MS = 1_790_000_000_000


def attempt(payment_id: str = "pay_1", **changes: object) -> Attempt:
    """Ann's card payment of 12.50 on green 2.0.0, which she was told has failed."""
    told = Attempt(
        payment_id=payment_id,
        at_ms=AT_MS,
        told="failed",
        amount_cents=1250,
        currency="USD",
        environment="green",
        version="2.0.0",
        customer_id="cus_ann",
        provider_id="pro_1",
        method="fp_1",
    )
    return replace(told, **changes)


def record(payment_id: str = "pay_1", **changes: object) -> PaymentRecord:
    """The same payment, failed and nothing taken."""
    kept = PaymentRecord(
        payment_id=payment_id,
        status="failed",
        amount_cents=1250,
        captured_cents=0,
        refunded_cents=0,
        currency="USD",
        payment_method="tok_1",
        customer_id="cus_ann",
        provider_id="pro_1",
        capture="automatic",
        release_mode="automatic",
        description="",
        created_at_ms=AT_MS,
    )
    return replace(kept, **changes)


@dataclass
class Books:
    """PaymentBooks over a dict. faults: raised by the next writes, after their effect when ``late``."""

    records: dict[str, PaymentRecord]
    made: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    silent: int = 0
    refusing: bool = False

    async def payment(self, payment_id: str) -> PaymentRecord | None:
        """See PaymentBooks."""
        return self.records.get(payment_id)

    async def refund(self, payment_id: str, amount_cents: int, currency: str, reason: str, key: str) -> str:
        """See PaymentBooks."""
        del currency, reason
        one = self.records[payment_id]
        return self._once(key, "ref", replace(one, refunded_cents=one.refunded_cents + amount_cents))

    async def void(self, payment_id: str, key: str) -> str:
        """See PaymentBooks."""
        return self._once(key, "void", replace(self.records[payment_id], status="canceled"))

    async def resend(self, record: PaymentRecord, key: str) -> str:
        """See PaymentBooks."""
        again = replace(
            record, payment_id=f"{record.payment_id}-again", status="succeeded", captured_cents=record.amount_cents
        )
        return self._once(key, "pay", again)

    def _once(self, key: str, kind: str, after: PaymentRecord) -> str:
        self.calls += 1
        if self.refusing:
            raise WorldRefused("It is not refundable.")
        if key not in self.made:
            self.made[key] = f"{kind}_{len(self.made) + 1}"
            self.records[after.payment_id] = after
        if self.silent > 0:
            self.silent -= 1
            raise WorldUnreachable("No answer.")
        return self.made[key]
