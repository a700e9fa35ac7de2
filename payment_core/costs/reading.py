"""Reads what payments cost from the records, journals and price sheets of one store."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

import msgspec

from config.prices import Price, Prices
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.costs.breakdown import Breakdown, Name, Part, shared
from payment_core.costs.netting import Netting
from payment_core.escrow.model import Escrow
from payment_core.payments.model import Capture, Payment
from payment_core.payouts.model import Payout
from payment_core.store.port import PostedJournal
from payment_core.store.records import Listing, Record
from payment_core.store.walking import Queries, every

R = TypeVar("R", bound=Record)

PAGE = 1_000

SHARES: tuple[Name, ...] = ("kms", "dynamodb", "queue", "compute")
"""Measured with the capture, priced then."""


class CostBooks(Queries, Protocol):
    """A snapshot of the store."""

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """One record."""
        ...

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        """Journals in the order of posting."""
        ...


class _Sent(msgspec.Struct, frozen=True):
    """An entry that reached the bank, and the file that carried it there."""

    entry: AchEntry
    file: AchFile


class CostReader:
    """Call ``load`` first. A cost is what the prices of the day make of what happened; nothing is assumed."""

    def __init__(self, books: CostBooks, prices: Prices) -> None:
        self._books = books
        self._prices = prices
        self._netting = Netting()
        self._payments_by_escrow: dict[str, tuple[str, ...]] = {}
        self._escrows_by_payment: dict[str, list[str]] = {}
        self._sent: dict[str, _Sent | None] = {}

    async def load(self) -> None:
        """Fold the whole ledger: which payout carried which payment is nowhere else."""
        after = 0
        while journals := await self._books.journals(after, PAGE):
            self._netting.fold(journals)
            after = journals[-1].sequence
        async for escrow in every(self._books, Listing(Escrow, limit=PAGE)):
            payments = tuple(source.payment_id for source in escrow.sources)
            self._payments_by_escrow[escrow.id] = payments
            for payment_id in payments:
                self._escrows_by_payment.setdefault(payment_id, []).append(escrow.id)

    async def breakdown(self, payment: Payment) -> Breakdown:
        """What a payment cost until now; of one without a succeeded capture, what was spent on it all the same."""
        listing = Listing(Capture, payment.id, limit=PAGE)
        captures = [each async for each in every(self._books, listing) if each.status == "succeeded"]
        sheet = self._prices.at(payment.created_at_ms)
        price = sheet.pay_in(payment.rail)
        parts: list[Part] = []
        if captures:
            day = captures[0].cost.sheet
            rail = sum(each.cost.rail for each in captures)
            parts.append(_part("rail", rail, price, f"{len(captures)} captured", day))
            for name in SHARES:
                spent = sum(getattr(each.cost, name) for each in captures)
                unit = {"kms": sheet.kms_request, "queue": sheet.queue_request, "compute": sheet.compute_second}.get(
                    name, sheet.dynamodb_write_unit
                )
                parts.append(
                    Part(
                        name=name,
                        microcents=spent,
                        price=f"{unit.microcents_per_thousand} microcents per thousand",
                        source=unit.source,
                        share="of what the process used in the 10 s before",
                        sheet=day,
                    )
                )
        parts += await self._pay_in_entry(payment)
        carried = await self._payouts(payment)
        parts += carried
        return Breakdown(
            payment_id=payment.id,
            rail=payment.rail,
            amount_cents=payment.captured_cents,
            parts=tuple(parts),
            baseline_name=sheet.baseline.name,
            baseline_source=sheet.baseline.source,
            baseline_microcents=sum(each.cost.baseline for each in captures),
            complete=carried != [],
        )

    def payments(self) -> AsyncIterator[Payment]:
        """Every payment."""
        return every(self._books, Listing(Payment, limit=PAGE))

    async def unattributed_microcents(self) -> int:
        """What payouts cost that carried no payment: after a return, or of money that came otherwise."""
        spent = 0
        async for payout in every(self._books, Listing(Payout, limit=PAGE)):
            if not self._netting.references_by_payout.get(payout.id):
                spent += sum(part.microcents for part in await self._payout_parts(payout.id, 1))
        return spent

    async def _payouts(self, payment: Payment) -> list[Part]:
        """A payment's share of each payout that carried it, itself or through its escrows."""
        parts: list[Part] = []
        for reference in (payment.id, *self._escrows_by_payment.get(payment.id, ())):
            for payout_id in self._netting.payouts_by_reference.get(reference, ()):
                parts += await self._payout_parts(payout_id, self._payment_count(payout_id))
        return parts

    def _payment_count(self, payout_id: str) -> int:
        references = self._netting.references_by_payout.get(payout_id, ())
        carried = {
            payment for reference in references for payment in self._payments_by_escrow.get(reference, (reference,))
        }
        return max(1, len(carried))

    async def _payout_parts(self, payout_id: str, payments: int) -> list[Part]:
        payout = await self._books.read(Payout, payout_id)
        if payout is None or payout.entry_id == "":
            return []
        sent = await self._sent_entry(payout.entry_id)
        if sent is None:
            return []
        sheet = self._prices.at(sent.entry.submitted_at_ms)
        day = sheet.effective_from.isoformat()
        item = shared(sheet.payout.microcents(payout.amount_cents), payments)
        share = f"1 of {payments} payments in {payout_id}"
        parts = [_part("payout", item, sheet.payout, share, day)]
        return parts + self._entry_parts(sent, payments)

    async def _pay_in_entry(self, payment: Payment) -> list[Part]:
        if payment.ach_entry_id == "":
            return []
        sent = await self._sent_entry(payment.ach_entry_id)
        return [] if sent is None else self._entry_parts(sent, 1)

    def _entry_parts(self, sent: _Sent, payments: int) -> list[Part]:
        """The file that carried the entry, and its return."""
        sheet = self._prices.at(sent.entry.submitted_at_ms)
        day = sheet.effective_from.isoformat()
        entries = max(1, sent.file.entry_count)
        file = shared(sheet.ach_file.microcents(0), entries, payments)
        share = f"1 of {entries} entries in {sent.file.id}" + (f", 1 of {payments} payments" if payments > 1 else "")
        parts = [_part("ach_file", file, sheet.ach_file, share, day)]
        if sent.entry.return_code != "":
            fee = shared(sheet.ach_return.microcents(0), payments)
            parts.append(_part("ach_return", fee, sheet.ach_return, f"returned with {sent.entry.return_code}", day))
        return parts

    async def _sent_entry(self, entry_id: str) -> _Sent | None:
        if entry_id not in self._sent:
            entry = await self._books.read(AchEntry, entry_id)
            file = None if entry is None or entry.file_id == "" else await self._books.read(AchFile, entry.file_id)
            known = entry is not None and file is not None and file.submitted_at_ms > 0
            self._sent[entry_id] = _Sent(entry, file) if known and entry is not None and file is not None else None
        return self._sent[entry_id]


def _part(name: Name, microcents: int, price: Price, share: str, day: str) -> Part:
    return Part(
        name=name,
        microcents=microcents,
        price=f"{price.name}: "
        f"{price.item_cents_x100 // 100}.{price.item_cents_x100 % 100:02d} c + {price.basis_points} bp",
        source=price.source,
        share=share,
        sheet=day,
    )
