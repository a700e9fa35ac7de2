"""The first transaction of a payment: its key is claimed and it is written before the rail is asked."""

from enum import StrEnum

from checks.facts import Fact, PaymentRequested
from checks.scoring.model import Decision
from payment_core.answers import Answer
from payment_core.fraud.listing import freeze_payer
from payment_core.fraud.scorer import FraudDecision
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, claim, key_digest, key_id, recall, remember
from payment_core.origin import Origin
from payment_core.payments import facts
from payment_core.payments.answers import creation_answer
from payment_core.payments.control import is_holding
from payment_core.payments.model import Payment, Purpose, Waiting
from payment_core.payments.moving import change_payment, end_attempt
from payment_core.payments.ports import SANDBOX_METHODS, Debits, Method, by_acquirer
from payment_core.payments.rail.flights import CREATE, Flight, creation_flight
from payment_core.payments.rail.kept_score import fraud_of
from payment_core.payments.rail.resuming import resume
from payment_core.payments.requests import CreatePayment
from payment_core.payments.states import PaymentEvent, PaymentStatus
from payment_core.store.port import Transaction
from payment_core.vault.numbers.sensitive import Cvc

FRAUD_CODE = "fraud_blocked"
"""The decline code of a payment that the fraud score did not let through."""

CHALLENGE_CODE = "challenge_required"
"""The decline code of a payment that looks like card testing, until its payer has passed a challenge."""

OUR_DECLINES = frozenset({FRAUD_CODE, CHALLENGE_CODE})
"""The decline codes of payments that the rail never saw."""

ACCOUNT_CODE = "bank_account_not_usable"
"""The error code of a payment whose account was replaced or disabled before its debit went out."""


class HealthRefusal(StrEnum):
    """Why a health payment was not begun."""

    HOLDING = "holding"
    PAYMENTS_OFF = "payments_off"


class Creation:
    """The intent to take one payment; given the transaction, it says what is in flight or what the answer is.

    requested: the fact that was scored, which is also the event of the payment's first version; a health payment tells
    only that it is there, and is not begun in holding mode. challenged: the payer has to pass a challenge first.
    """

    __slots__ = (
        "_body",
        "_call",
        "_debits",
        "_decision",
        "_decline_code",
        "_exposures",
        "_lease_ms",
        "_method",
        "_origin",
        "_purpose",
        "_requested",
    )

    def __init__(
        self,
        call: Call,
        body: CreatePayment,
        method: Method,
        requested: PaymentRequested,
        decision: FraudDecision,
        origin: Origin,
        lease_ms: int,
        debits: Debits,
        purpose: Purpose = "",
        *,
        challenged: bool = False,
        exposures: tuple[str, ...] = (),
    ) -> None:
        self._call = call
        self._body = body
        self._method = method
        self._requested = requested
        self._decision = decision
        self._origin = origin
        self._lease_ms = lease_ms
        self._debits = debits
        self._purpose = purpose
        self._exposures = exposures
        self._decline_code = FRAUD_CODE if blocks(decision.decision) else CHALLENGE_CODE if challenged else ""

    def __call__(self, transaction: Transaction) -> Flight | Answer | StrEnum:
        """Write the payment, unless the key is known."""
        call = self._call
        repeated = repetition(transaction, call)
        if repeated is not None:
            return repeated
        if self._purpose == "health" and is_holding(transaction):
            return HealthRefusal.HOLDING
        payment = self._payment(transaction)
        if payment.lease_until_ms > 0:
            key = claim(transaction, CREATE, call, payment.id, payment.lease_until_ms)
            transaction.change(payment, self._event(payment))
            return creation_flight(payment, None if self._body.cvc == "" else Cvc(self._body.cvc), key)
        transaction.change(payment, self._event(payment))
        answer = creation_answer(self._without_rail(transaction, payment))
        remember(transaction, CREATE, call, answer, payment.id)
        return answer

    def _event(self, payment: Payment) -> Fact:
        return self._requested if self._purpose == "" else facts.payment_changed(payment, "")

    def _payment(self, transaction: Transaction) -> Payment:
        """Its first version; it has a lease when the rail is to be asked at once."""
        now_ms = transaction.now_ms
        body, method, decision = self._body, self._method, self._decision.decision
        holding = is_holding(transaction)
        declined = self._decline_code != ""
        review = decision is Decision.REVIEW and not declined
        status = PaymentStatus.PROCESSING
        carried = by_acquirer(method.rail, method.token)
        if review and not carried:
            status = PaymentStatus.REQUIRES_REVIEW
        elif holding and not declined:
            status = PaymentStatus.HELD
        asked = status is PaymentStatus.PROCESSING and carried and not declined
        return Payment(
            id=self._requested.subject,
            status=status,
            rail=method.rail,
            amount_cents=body.amount.amount_cents,
            capture=body.capture,
            release_mode=body.release,
            method=method.token,
            method_fingerprint=method.fingerprint,
            brand=method.brand,
            bin=method.bin,
            last4=method.last4,
            customer_id=body.customer_id,
            provider_id=body.provider_id,
            description=body.description,
            metadata=body.metadata,
            fraud=fraud_of(self._decision, self._requested),
            review="pending" if review else "",
            deferred=status is PaymentStatus.HELD,
            environment=self._origin.environment,
            release=self._origin.release,
            region=self._origin.region,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            lease_until_ms=now_ms + self._lease_ms if asked else 0,
            pending_reference=self._requested.subject if asked else "",
            pending_key=key_id(CREATE, self._call.key) if asked else "",
            purpose=self._purpose,
            request_digest=key_digest(CREATE, self._call.key),
            exposures=self._exposures,
        )

    def _without_rail(self, transaction: Transaction, payment: Payment) -> Payment:
        """A payment that is blocked or challenged, waits, is reviewed first, or goes out in the next ACH file."""
        if payment.status is PaymentStatus.HELD:
            transaction.put(Waiting(id=payment.id, since_ms=transaction.now_ms))
            return payment
        if self._decline_code != "":
            event = PaymentEvent.DECLINED
            blocked = end_attempt(transaction, payment, event, "declined", 0.0, decline_code=self._decline_code)
            if self._decision.decision is Decision.FREEZE:
                self._freeze(transaction, blocked)
            return blocked
        if payment.status is PaymentStatus.PROCESSING:
            return debit(transaction, payment, self._debits)
        return payment

    def _freeze(self, transaction: Transaction, payment: Payment) -> None:
        """Block whoever paid; a test token is everybody's, so it is not listed."""
        freeze_payer(
            transaction,
            self._origin,
            payment_id=payment.id,
            customer_id=payment.customer_id,
            rail=payment.rail,
            fingerprint="" if payment.method in SANDBOX_METHODS else payment.method_fingerprint,
        )


def blocks(decision: Decision) -> bool:
    """Whether a payment with this decision is declined at once."""
    return decision is Decision.BLOCK or decision is Decision.FREEZE


def debit(transaction: Transaction, payment: Payment, debits: Debits) -> Payment:
    """Originate the ACH debit of a payment that has just become ``processing``; it fails when its account is gone."""
    entry_id = debits.originate(transaction, payment)
    if entry_id == "":
        return end_attempt(transaction, payment, PaymentEvent.FAILED, "failed", 0.0, error_code=ACCOUNT_CODE)
    return change_payment(transaction, payment, PaymentEvent.STILL_UNKNOWN, ach_entry_id=entry_id)


def repetition(transaction: Transaction, call: Call) -> Flight | Answer | StrEnum | None:
    """What a call comes to whose key is known: its answer, or its operation to be recovered; None for a new key."""
    known = recall(transaction, CREATE, call)
    return resume(transaction, known.resource_id) if isinstance(known, KeyRecord) else known
