"""The ways from status to status that documents may go, as the reference of the product has them."""

from collections.abc import Mapping
from typing import TypeVar

from payment_core.payments.states import (
    CAPTURE_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
)

S = TypeVar("S", bound=str)
E = TypeVar("E", bound=str)
Pairs = frozenset[tuple[str, str]]


def _pairs(table: Mapping[tuple[S, E], S], *first: str) -> Pairs:
    return frozenset(
        {(str(status), str(after)) for (status, _), after in table.items()} | {("", each) for each in first}
    )


def _ways(text: str) -> Pairs:
    """``a: b c`` on each line; the line without a name is how it begins."""
    pairs: set[tuple[str, str]] = set()
    for line in text.strip().splitlines():
        before, _, after = line.strip().partition(":")
        pairs |= {(before.strip(), each) for each in after.split()}
    return frozenset(pairs)


WAYS: dict[str, Pairs] = {
    "payment": _pairs(PAYMENT_TRANSITIONS, "processing", "held", "requires_review"),
    "capture": _pairs(CAPTURE_TRANSITIONS, "queued", "pending", "succeeded"),
    "refund": _pairs(REFUND_TRANSITIONS, "queued", "pending"),
    "dispute": _pairs(DISPUTE_TRANSITIONS, "needs_response"),
    "escrow": _ways(
        """
        : created funded
        created: created funded expired frozen
        funded: funded partially_released released refunded frozen disputed
        partially_released: partially_released released refunded frozen disputed
        frozen: frozen created funded partially_released disputed
        disputed: disputed resolved frozen
        """
    ),
    "payout": _ways(
        """
        : requested
        requested: requested approved canceled failed
        approved: approved requested batched canceled failed
        batched: batched file_built canceled failed
        file_built: submitted
        submitted: acked settled returned failed
        acked: settled returned
        settled: returned
        """
    ),
    "ach_entry": _ways(
        """
        : queued
        queued: claimed canceled
        claimed: queued built canceled
        built: submitted
        submitted: submitted acknowledged settled returned canceled
        acknowledged: acknowledged settled returned
        settled: settled returned
        returned: returned
        """
    ),
    "ach_file": _ways(
        """
        : claiming
        claiming: claiming building abandoned
        building: building built abandoned
        built: built sending
        sending: sending submitted
        submitted: submitted acknowledged rejected settled
        acknowledged: acknowledged settled
        rejected: rejected
        settled: settled
        abandoned: abandoned
        """
    ),
    "ach_return_file": _ways(": received\n received: received applied"),
    "ach_case": _ways(": open\n open: closed"),
    "bank_account": _ways(
        """
        : unverified
        unverified: unverified micro_pending prenote_pending disabled
        micro_pending: micro_pending unverified verified failed disabled
        prenote_pending: prenote_pending unverified verified disabled
        verified: verified unverified disabled
        failed: failed unverified disabled
        disabled: disabled unverified
        """
    ),
    "provider": _ways(
        """
        : active needs_review suspended
        active: active suspended closed needs_review
        needs_review: needs_review active suspended closed
        suspended: suspended active closed
        """
    ),
}


def is_allowed(kind: str, before: str, after: str) -> bool:
    """Whether a document of this kind may go there; kinds without a life of states may do anything."""
    ways = WAYS.get(kind)
    return ways is None or (before, after) in ways
