"""What must hold of payments whatever happened: I5, I6 and I9, and that their amounts are what the accounts hold."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeVar

from payment_core.payments.model import Capture, Dispute, Payment, Refund
from payment_core.payments.money.disputing import OPEN_STATUSES
from payment_core.payments.states import CaptureStatus, DisputeStatus, PaymentStatus, RefundStatus
from payment_core.store.records import Listing, Record
from payment_core.store.walking import every
from tests.simulation.invariants import AnyStore

R = TypeVar("R", bound=Record)

LIVE = frozenset({RefundStatus.QUEUED, RefundStatus.PENDING, RefundStatus.SUCCEEDED})
WAITING = frozenset(
    {
        PaymentStatus.HELD,
        PaymentStatus.PROCESSING,
        PaymentStatus.CAPTURING,
        PaymentStatus.CANCELING,
        PaymentStatus.EXPIRING,
    }
)


async def everything(store: AnyStore, record_type: type[R]) -> list[R]:
    """All records of this type, page by page."""
    return [record async for record in every(store, Listing(record_type, limit=1000))]


class Books:
    """All payments with what belongs to them."""

    def __init__(
        self, payments: list[Payment], captures: list[Capture], refunds: list[Refund], disputes: list[Dispute]
    ) -> None:
        self.payments = payments
        self.captures = captures
        self.refunds = refunds
        self.disputes = disputes

    def violations(self) -> Iterator[str]:
        """One sentence for each thing that is wrong with a payment."""
        for payment in self.payments:
            yield from (f"{payment.id}: {wrong}" for wrong in self._payment(payment))

    def _payment(self, payment: Payment) -> Iterator[str]:
        captures = [
            capture
            for capture in self.captures
            if capture.payment_id == payment.id and capture.status is CaptureStatus.SUCCEEDED
        ]
        refunds = [refund for refund in self.refunds if refund.payment_id == payment.id and refund.status in LIVE]
        disputes = [
            dispute
            for dispute in self.disputes
            if dispute.payment_id == payment.id and dispute.status is not DisputeStatus.WON
        ]
        yield from _limits(payment)
        if payment.open_disputes != sum(dispute.status in OPEN_STATUSES for dispute in disputes):
            yield "the open disputes are miscounted"
        if sum(capture.amount_cents for capture in captures) != payment.captured_cents:
            yield "captures do not sum to what is captured"
        if sum(capture.fee_cents for capture in captures) != payment.fee_cents:
            yield "I13: fees of captures do not sum to the fee"
        if sum(refund.amount_cents for refund in refunds) != payment.refunded_cents:
            yield "I6: refunds do not sum to what is refunded"
        if sum(dispute.at_risk_cents for dispute in disputes) != payment.disputed_cents:
            yield "I6: disputes do not sum to what is disputed"
        shares = sum(refund.fee_share_cents for refund in refunds) + sum(each.fee_share_cents for each in disputes)
        if shares != payment.fee_refunded_cents or not 0 <= shares <= payment.fee_cents:
            yield "the fee's shares do not sum to what is given back"

    def sums(self) -> dict[str, int]:
        """What accounts must hold for these payments, by account."""
        sums: defaultdict[str, int] = defaultdict(int)
        for payment in self.payments:
            sums[f"customer_escrow/{payment.provider_id}"] += payment.unreleased_cents
            sums["platform_fee"] += payment.fee_cents - payment.fee_refunded_cents
        for refund in self.refunds:
            if refund.status in {RefundStatus.QUEUED, RefundStatus.PENDING}:
                sums["refunds_payable"] += refund.amount_cents
        for dispute in self.disputes:
            if dispute.status in OPEN_STATUSES:
                sums["disputes_held"] += dispute.at_risk_cents - dispute.shortfall_cents
        return sums


def _limits(payment: Payment) -> Iterator[str]:
    """What a payment says of itself."""
    if payment.captured_cents > payment.amount_cents:
        yield "I5: more is captured than was authorized"
    back = payment.refunded_cents + payment.disputed_cents
    if back > payment.captured_cents:
        yield "I6: more is refunded and disputed than was captured"
    if back == payment.captured_cents and payment.fee_refunded_cents != payment.fee_cents:
        yield "all of it went back, and not all of the fee"
    if min(payment.unreleased_cents, payment.released_cents, payment.escrowed_cents) < 0:
        yield "an amount is negative"
    if payment.open_disputes > 0 and payment.release_at_ms > 0:
        yield "money is to be released while it is disputed"


async def read_books(store: AnyStore) -> Books:
    """The committed payments."""
    return Books(
        await everything(store, Payment),
        await everything(store, Capture),
        await everything(store, Refund),
        await everything(store, Dispute),
    )


async def payment_violations(store: AnyStore) -> list[str]:
    """What is wrong with payments, and where they and the accounts disagree."""
    books = await read_books(store)
    found = list(books.violations())
    for account, cents in books.sums().items():
        balances = await store.account(account)
        if balances.balance_cents("credit") != cents:
            found.append(f"I4: {account} holds {balances.balance_cents('credit')}, its payments say {cents}")
    return found
