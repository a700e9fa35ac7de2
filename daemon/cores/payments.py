"""The payment core's record of payments, and what puts one right: refund, void, the same payment again."""

import msgspec

from daemon.cores.api import CoreApi, decoded
from remediation.compensation.model import PaymentRecord

_UNKNOWN = "payment-not-found"


class _Money(msgspec.Struct, frozen=True):
    amount_cents: int
    currency: str


class _Payment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    status: str
    amount: _Money
    captured: _Money
    refunded: _Money
    payment_method: str
    customer_id: str
    provider_id: str
    capture: str
    release_mode: str
    description: str
    created_at_ms: int


class _Made(msgspec.Struct, frozen=True):
    id: str


_PAYMENT = msgspec.json.Decoder(_Payment)
_MADE = msgspec.json.Decoder(_Made)


class CorePayments:
    """The port PaymentBooks; scopes payments:read, payments:write and refunds:write."""

    def __init__(self, api: CoreApi) -> None:
        self._api = api

    async def payment(self, payment_id: str) -> PaymentRecord | None:
        """See PaymentBooks."""
        body = await self._api.ask("GET", f"/v1/payments/{payment_id}", known=_UNKNOWN)
        if body is None:
            return None
        found = decoded(_PAYMENT, body)
        return PaymentRecord(
            payment_id=found.id,
            status=found.status,
            amount_cents=found.amount.amount_cents,
            captured_cents=found.captured.amount_cents,
            refunded_cents=found.refunded.amount_cents,
            currency=found.amount.currency,
            payment_method=found.payment_method,
            customer_id=found.customer_id,
            provider_id=found.provider_id,
            capture=found.capture,
            release_mode=found.release_mode,
            description=found.description,
            created_at_ms=found.created_at_ms,
        )

    async def refund(self, payment_id: str, amount_cents: int, currency: str, reason: str, key: str) -> str:
        """See PaymentBooks."""
        amount = {"amount_cents": amount_cents, "currency": currency}
        body = {"payment_id": payment_id, "amount": amount, "reason": reason}
        return decoded(_MADE, await self._api.ask("POST", "/v1/refunds", body, key)).id

    async def void(self, payment_id: str, key: str) -> str:
        """See PaymentBooks."""
        return decoded(_MADE, await self._api.ask("POST", f"/v1/payments/{payment_id}/cancel", {}, key)).id

    async def resend(self, record: PaymentRecord, key: str) -> str:
        """See PaymentBooks; what is declined is refused, and nothing is taken."""
        body = {
            "amount": {"amount_cents": record.amount_cents, "currency": record.currency},
            "payment_method": record.payment_method,
            "customer_id": record.customer_id,
            "provider_id": record.provider_id,
            "capture": record.capture,
            "release": record.release_mode,
            "description": record.description,
            "metadata": {"repeats": record.payment_id},
        }
        return decoded(_MADE, await self._api.ask("POST", "/v1/payments", body, key)).id
