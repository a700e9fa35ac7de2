"""What may follow what."""

import pytest

from payment_core.errors import IllegalTransition
from payment_core.payments.states import (
    PAYMENT_TRANSITIONS,
    PaymentEvent,
    PaymentStatus,
    RefundEvent,
    RefundStatus,
    next_payment_status,
    next_refund_status,
)


@pytest.mark.parametrize("status", [PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.CANCELED])
def test_a_final_payment_never_moves(status: PaymentStatus) -> None:
    for event in PaymentEvent:
        with pytest.raises(IllegalTransition, match=status):
            next_payment_status(status, event)


def test_every_status_can_be_reached_and_every_event_moves_something() -> None:
    assert {PaymentStatus.PROCESSING, *PAYMENT_TRANSITIONS.values()} == set(PaymentStatus)
    assert {event for _, event in PAYMENT_TRANSITIONS} == set(PaymentEvent)


@pytest.mark.parametrize("status", [RefundStatus.SUCCEEDED, RefundStatus.FAILED])
def test_a_settled_refund_never_moves(status: RefundStatus) -> None:
    for event in RefundEvent:
        with pytest.raises(IllegalTransition, match=status):
            next_refund_status(status, event)
