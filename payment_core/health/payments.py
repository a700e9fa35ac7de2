"""The health payment: one dollar goes the whole way of a payment, is authorized, and is voided at once."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

import msgspec

from payment_core.answers import Answer, ok
from payment_core.money import Charge
from payment_core.operations.call import Call
from payment_core.operations.once import OnceRefusal, answered_before, perform_once, request_hash
from payment_core.origin import Origin
from payment_core.payments.desk import Desk
from payment_core.payments.model import Payment
from payment_core.payments.rail.creating import HealthRefusal
from payment_core.payments.requests import CancelPayment, CreatePayment
from payment_core.payments.states import PaymentStatus
from payment_core.store.port import LedgerStore

OPERATION = "health.payment"
AMOUNT_CENTS = 100
METHOD = "tok_visa"
"""The simulated rail's; a real acquirer has a test card of its own."""
OWNER = "health"
"""Customer and provider of every health payment, so that a list of them is easily found."""

Outcome = Literal["voided", "holding", "declined", "failed", "undecided", "not_voided"]

_BODY = CreatePayment(
    amount=Charge(AMOUNT_CENTS, "USD"),
    payment_method=METHOD,
    customer_id=OWNER,
    provider_id=OWNER,
    capture="manual",
    description="health payment",
)

_WHY: Mapping[HealthRefusal, str] = MappingProxyType(
    {
        HealthRefusal.HOLDING: "the core is in holding mode, so nothing is given to a rail",
        HealthRefusal.PAYMENTS_OFF: "payments are off (flag payment-processor), so nothing is given to a rail",
    }
)


class TakeHealthPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Take a payment that only shows that payments can be taken. There is nothing to choose."""


class HealthPaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. ``voided`` is the good outcome; ``holding``: nothing may go to a rail, so none was taken.

    took_ms: from the request to the release of the money, as the payment's own times say.
    """

    object: Literal["health_payment"] = "health_payment"
    outcome: Outcome
    detail: str
    payment_id: str = ""
    amount_cents: int = AMOUNT_CENTS
    took_ms: int = 0
    environment: str
    version: str


class HealthPayments:
    """Takes them, one effect for each key. What a dead process left authorized the expiry job releases."""

    def __init__(self, store: LedgerStore, desk: Desk, origin: Origin) -> None:
        self._store = store
        self._desk = desk
        self._origin = origin

    async def take(self, call: Call, _body: TakeHealthPayment) -> Answer | StrEnum:
        """Authorize and void; a refusal to begin is not remembered with the key."""
        known = await answered_before(self._store, OPERATION, call)
        if known is not None:
            return known
        view = await self._carried_out(call)
        if isinstance(view, OnceRefusal):
            return view
        if view.outcome == "holding":
            return ok(view)
        return await perform_once(self._store, OPERATION, call, lambda _: ok(view))

    async def _carried_out(self, call: Call) -> HealthPaymentView | OnceRefusal:
        key = f"{OWNER}:{call.key}"
        create = msgspec.structs.replace(call, key=key, request_hash=request_hash(OPERATION, _BODY))
        created = await self._desk.create_for_health(create, _BODY)
        if isinstance(created, HealthRefusal):
            return self._view("holding", _WHY[created])
        if isinstance(created, OnceRefusal):
            return created
        payment = await self._payment(created)
        if payment is None or payment.status is not PaymentStatus.REQUIRES_CAPTURE:
            return self._ended(payment)
        cancel = msgspec.structs.replace(
            call, key=key, request_hash=request_hash(payment.id, None), path={"payment_id": payment.id}
        )
        canceled = await self._desk.cancel(cancel, CancelPayment())
        if isinstance(canceled, OnceRefusal):
            return canceled
        return self._ended(await self._store.read(Payment, payment.id))

    async def _payment(self, answer: Answer | StrEnum) -> Payment | None:
        if not isinstance(answer, Answer):
            return None
        named = _NAMED.decode(answer.body)
        payment_id = named.id if named.id != "" else named.resource_id
        return await self._store.read(Payment, payment_id)

    def _ended(self, payment: Payment | None) -> HealthPaymentView:
        """The payment as it stands, in words."""
        if payment is None:
            return self._view("failed", "the payment was refused")
        match payment.status:
            case PaymentStatus.CANCELED:
                took_ms = payment.updated_at_ms - payment.created_at_ms
                return self._view("voided", f"authorized and voided in {took_ms} ms", payment)
            case PaymentStatus.DECLINED:
                return self._view("declined", f"the rail declined it: {payment.decline_code}", payment)
            case PaymentStatus.FAILED:
                return self._view("failed", f"it failed: {payment.error_code}", payment)
            case PaymentStatus.PROCESSING:
                return self._view("undecided", "the rail has not answered in time", payment)
            case _:
                return self._view("not_voided", f"authorized and then {payment.status}; it expires by itself", payment)

    def _view(self, outcome: Outcome, detail: str, payment: Payment | None = None) -> HealthPaymentView:
        return HealthPaymentView(
            outcome=outcome,
            detail=detail,
            payment_id="" if payment is None else payment.id,
            took_ms=0 if payment is None else payment.updated_at_ms - payment.created_at_ms,
            environment=self._origin.environment,
            version=self._origin.release,
        )


class _Named(msgspec.Struct, frozen=True):
    """As much of a payment, or of a problem about one, as names it."""

    id: str = ""
    resource_id: str = ""


_NAMED = msgspec.json.Decoder(_Named)
