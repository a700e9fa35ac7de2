"""What was spent on something other than one payment, as documents: sent files and returned entries."""

from checks.facts import CostLine
from config.prices import Prices
from payment_core.origin import Origin
from payment_core.store.port import Transaction
from payment_core.store.records import Document, Record


class CostNote(Document, frozen=True, gc=False, kw_only=True, tag="cost_note"):
    """Money spent once. what: ``ach_file``, ``payout`` or ``ach_return``. subject_id: the object it was spent on."""

    what: str
    subject_id: str
    amount_microcents: int

    @property
    def owner(self) -> str:
        """Notes are listed by what they are about."""
        return self.subject_id


RECORDS: tuple[type[Record], ...] = (CostNote,)


def note_cost(transaction: Transaction, origin: Origin, what: str, subject_id: str, amount_microcents: int) -> None:
    """Note the cost once for each object, with the cost line that the savings rules read."""
    note_id = f"{what}:{subject_id}"
    if transaction.get(CostNote, note_id) is not None:
        return
    now_ms = transaction.now_ms
    note = CostNote(
        id=note_id,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        what=what,
        subject_id=subject_id,
        amount_microcents=amount_microcents,
    )
    fact = CostLine(
        id=f"{note_id}.1.cost",
        at_ms=now_ms,
        subject=what,
        region=origin.region,
        environment=origin.environment,
        version=origin.release,
        source="measured",
        amount_microcents=amount_microcents,
    )
    transaction.change(note, fact)


class Spending:
    """Notes what sending and getting back ACH entries costs, in the transaction in which it happens."""

    def __init__(self, prices: Prices, origin: Origin) -> None:
        self._prices = prices
        self._origin = origin

    def file_sent(self, transaction: Transaction, file_id: str) -> None:
        """The bank took a file."""
        sheet = self._prices.at(transaction.now_ms)
        note_cost(transaction, self._origin, "ach_file", file_id, sheet.ach_file.microcents(0))

    def payout_sent(self, transaction: Transaction, payout_id: str, amount_cents: int) -> None:
        """The bank took a payout's entry."""
        sheet = self._prices.at(transaction.now_ms)
        note_cost(transaction, self._origin, "payout", payout_id, sheet.payout.microcents(amount_cents))

    def entry_returned(self, transaction: Transaction, entry_id: str) -> None:
        """An entry came back."""
        sheet = self._prices.at(transaction.now_ms)
        note_cost(transaction, self._origin, "ach_return", entry_id, sheet.ach_return.microcents(0))
