"""Every pair of status and event is either in the table or refused."""

from collections.abc import Mapping
from enum import StrEnum

import pytest

from payment_core.errors import IllegalTransition
from payment_core.payments.states import (
    CAPTURE_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    MONEY_STATUSES,
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    CaptureEvent,
    CaptureStatus,
    DisputeEvent,
    DisputeStatus,
    PaymentEvent,
    PaymentStatus,
    RefundEvent,
    RefundStatus,
    after,
)

MACHINES: list[tuple[type[StrEnum], type[StrEnum], Mapping[tuple[StrEnum, StrEnum], StrEnum]]] = [
    (PaymentStatus, PaymentEvent, PAYMENT_TRANSITIONS),  # type: ignore[list-item]  # narrower keys
    (CaptureStatus, CaptureEvent, CAPTURE_TRANSITIONS),  # type: ignore[list-item]  # narrower keys
    (RefundStatus, RefundEvent, REFUND_TRANSITIONS),  # type: ignore[list-item]  # narrower keys
    (DisputeStatus, DisputeEvent, DISPUTE_TRANSITIONS),  # type: ignore[list-item]  # narrower keys
]
PAIRS = [(table, status, event) for statuses, events, table in MACHINES for status in statuses for event in events]


@pytest.mark.parametrize(("table", "status", "event"), PAIRS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_pair_is_in_the_table_or_refused(
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum], status: StrEnum, event: StrEnum
) -> None:
    expected = table.get((status, event))
    if expected is None:
        with pytest.raises(IllegalTransition, match=f"{status} cannot be {event}"):
            after(table, status, event)
    else:
        assert after(table, status, event) is expected


@pytest.mark.parametrize("status", [PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.CANCELED], ids=str)
def test_nothing_leaves_a_final_payment(status: PaymentStatus) -> None:
    assert [pair for pair in PAYMENT_TRANSITIONS if pair[0] is status] == []


def test_every_status_can_be_reached_from_a_first_one() -> None:
    reached = {PaymentStatus.PROCESSING, PaymentStatus.HELD, PaymentStatus.REQUIRES_REVIEW}
    while more := {to for (status, _), to in PAYMENT_TRANSITIONS.items() if status in reached} - reached:
        reached |= more
    assert reached == set(PaymentStatus)


def test_every_event_moves_something() -> None:
    for _, events, table in MACHINES:
        assert {event for _, event in table} == set(events)


def test_money_moves_exactly_where_there_can_be_captured_money() -> None:
    assert {status for status, event in PAYMENT_TRANSITIONS if event is PaymentEvent.MONEY_MOVED} == MONEY_STATUSES


def test_a_lost_or_won_dispute_is_never_opened_again() -> None:
    closed = {DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.EXPIRED}
    assert [pair for pair in DISPUTE_TRANSITIONS if pair[0] in closed] == []
