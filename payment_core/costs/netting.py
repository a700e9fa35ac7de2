"""Finds in the ledger which payments each payout carried: what was released to a provider since the payout before."""

from collections.abc import Iterable

from payment_core.ledger.accounts import PROVIDER_AVAILABLE
from payment_core.store.port import PostedJournal

RELEASES = frozenset({"release", "escrow_release"})
TAKEN = "payout.hold"
GIVEN_BACK = frozenset({"payout.void", "payout.return", "payout.reject"})
"""After these the money is paid out once more, by a later payout; one that was void never cost anything."""

_OWNED = PROVIDER_AVAILABLE.of("")


class Netting:
    """A fold over journals in their order. A reference is what was released: a payment, or an escrow.

    references_by_payout: what each payout carried. payouts_by_reference: every payout that carried it, in order.
    """

    def __init__(self) -> None:
        self.references_by_payout: dict[str, tuple[str, ...]] = {}
        self.payouts_by_reference: dict[str, list[str]] = {}
        self._waiting: dict[str, dict[str, None]] = {}
        self._provider_by_payout: dict[str, str] = {}

    def fold(self, posted: Iterable[PostedJournal]) -> None:
        """Go on with these journals."""
        for each in posted:
            journal = each.journal
            if journal.recipe in RELEASES:
                for move in journal.moves:
                    if move.credit.startswith(_OWNED):
                        self._waiting.setdefault(move.credit, {})[journal.reference] = None
            elif journal.recipe == TAKEN:
                self._take(journal.reference, journal.moves[-1].debit)
            elif journal.recipe in GIVEN_BACK:
                self._give_back(journal.reference, counts=journal.recipe != "payout.void")

    def _take(self, payout_id: str, account: str) -> None:
        references = tuple(self._waiting.pop(account, {}))
        self.references_by_payout[payout_id] = references
        self._provider_by_payout[payout_id] = account
        for reference in references:
            self.payouts_by_reference.setdefault(reference, []).append(payout_id)

    def _give_back(self, payout_id: str, *, counts: bool) -> None:
        references = self.references_by_payout.get(payout_id, ())
        account = self._provider_by_payout.get(payout_id)
        if account is not None:
            self._waiting.setdefault(account, {}).update(dict.fromkeys(references))
        if not counts:
            self.references_by_payout.pop(payout_id, None)
            for reference in references:
                self.payouts_by_reference[reference].remove(payout_id)
