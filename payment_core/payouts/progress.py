"""Lets a payout follow its entry, in the transaction that changes the entry."""

from typing import assert_never

from payment_core.ach.files.incoming.cases import open_ach_case
from payment_core.ach.files.model import AchEntry
from payment_core.ledger.accounts import BANK, PROVIDER_AVAILABLE
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.recipes import must_post
from payment_core.origin import Origin
from payment_core.payouts import journals
from payment_core.payouts.limits import count
from payment_core.payouts.model import Payout
from payment_core.payouts.moving import move_payout
from payment_core.payouts.states import FINAL
from payment_core.store.port import Transaction

REVERSED = "reversed"


class PayoutProgress:
    """The handlers of the purposes ``payout`` and ``reversal``."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def payout_entry_changed(self, transaction: Transaction, entry: AchEntry) -> None:
        """Move the payout and its money to where the entry is. Raises JournalRefused, IllegalTransition."""
        payout = transaction.get(Payout, entry.subject_id)
        if payout is None or payout.entry_id != entry.id:
            return
        if payout.status in FINAL:
            _note_second_return(transaction, self._origin, payout, entry)
        else:
            self._follow(transaction, payout, entry)

    def _follow(self, transaction: Transaction, payout: Payout, entry: AchEntry) -> None:
        match entry.status:
            case "queued" | "claimed":
                return
            case "built":
                move_payout(transaction, self._origin, payout, "file_built", arrives_at_ms=entry.settles_at_ms)
            case "submitted":
                journals.submit(transaction, payout)
                move_payout(transaction, self._origin, payout, "submitted", arrives_at_ms=entry.settles_at_ms)
            case "acknowledged":
                move_payout(transaction, self._origin, payout, "acked")
            case "settled":
                journals.settle(transaction, payout)
                move_payout(transaction, self._origin, payout, "settled")
            case "returned":
                journals.give_back(transaction, payout)
                self._uncount(transaction, payout)
                move_payout(transaction, self._origin, payout, "returned", return_code=entry.return_code)
            case "canceled":
                if payout.status == "submitted":
                    journals.reject(transaction, payout)
                else:
                    journals.free(transaction, payout)
                self._uncount(transaction, payout)
                move_payout(transaction, self._origin, payout, "failed", failure=entry.failure)
            case _:
                assert_never(entry.status)

    def reversal_entry_changed(self, transaction: Transaction, entry: AchEntry) -> None:
        """A payout that was taken back: its money is the provider's again once the reversal has settled."""
        original = transaction.get(AchEntry, entry.subject_id)
        payout = None if original is None else transaction.get(Payout, original.subject_id)
        if original is None or original.purpose != "payout" or payout is None:
            return
        available = PROVIDER_AVAILABLE.of(payout.provider_id)
        if entry.status == "settled" and payout.status == "settled":
            must_post(transaction, _reversal(entry, "settle", Move(BANK.name, available, entry.amount_cents)))
            move_payout(transaction, self._origin, payout, "returned", return_code=REVERSED)
        elif entry.status == "settled":
            # Returned and reversed: the bank paid twice, and only people can find out which of the two stands.
            open_ach_case(
                transaction,
                self._origin,
                "page",
                "reversal_of_unsettled_payout",
                entry=entry,
                amount_cents=entry.amount_cents,
            )
        elif entry.status == "returned":
            if entry.settled_at_ms > 0 and payout.return_code == REVERSED:
                refusal = transaction.post(_reversal(entry, "undo", Move(available, BANK.name, entry.amount_cents)))
                reason = "reversal_returned" if refusal is None else "reversal_returned_without_cover"
            else:
                reason = "reversal_returned"
            open_ach_case(
                transaction,
                self._origin,
                "operations",
                reason,
                code=entry.return_code,
                entry=entry,
                amount_cents=entry.amount_cents,
            )

    @staticmethod
    def _uncount(transaction: Transaction, payout: Payout) -> None:
        """Money that was not paid uses up no limit."""
        count(transaction, payout.provider_id, payout.counted_on, -payout.amount_cents)


def _note_second_return(transaction: Transaction, origin: Origin, payout: Payout, entry: AchEntry) -> None:
    """A payout that was reversed came back as well: the bank paid twice, and people find out which stands."""
    if entry.status == "returned" and payout.return_code == REVERSED:
        open_ach_case(
            transaction,
            origin,
            "page",
            "return_of_reversed_payout",
            code=entry.return_code,
            entry=entry,
            amount_cents=entry.amount_cents,
        )


def _reversal(entry: AchEntry, step: str, move: Move) -> Journal:
    return Journal(id=f"{entry.id}:{step}", recipe=f"payout.reversal.{step}", reference=entry.subject_id, moves=(move,))
