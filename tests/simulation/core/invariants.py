"""What must hold of every domain whatever happened: I5 to I9, I13, I15, I16, and that accounts say what objects say."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.escrow.model import Escrow
from payment_core.ledger.accounts import PAYOUT_IN_FLIGHT, PROVIDER_AVAILABLE
from payment_core.ledger.verify import LedgerVerifier
from payment_core.operations.once import KeyRecord
from payment_core.payments.model import Capture, Payment, Refund
from payment_core.payments.states import CaptureStatus
from payment_core.payouts.model import Payout
from payment_core.store.port import PostedJournal
from payment_core.store.records import kind_of
from tests.simulation.core.world import CoreWorld
from tests.simulation.payment_invariants import everything, read_books

SET_ASIDE = frozenset({"requested", "approved", "batched", "file_built"})
IN_FLIGHT = frozenset({"submitted", "acked"})
WITH_BYTES = frozenset({"built", "sending", "submitted", "acknowledged", "rejected", "settled"})
FEE_BASIS_POINTS, WHOLE = 800, 10_000
JOURNALS_MAX = 100_000


class Objects(msgspec.Struct, frozen=True):
    """Everything that money is counted in."""

    payments: list[Payment]
    escrows: list[Escrow]
    payouts: list[Payout]
    entries: list[AchEntry]
    files: list[AchFile]
    refunds: list[Refund]
    journals: list[PostedJournal]


async def read_objects(world: CoreWorld) -> Objects:
    """The committed ones."""
    store = world.store
    return Objects(
        await everything(store, Payment),
        await everything(store, Escrow),
        await everything(store, Payout),
        await everything(store, AchEntry),
        await everything(store, AchFile),
        await everything(store, Refund),
        await store.journals(0, JOURNALS_MAX),
    )


async def full_violations(world: CoreWorld) -> list[str]:
    """One sentence for each invariant that is broken."""
    objects = await read_objects(world)
    report = await LedgerVerifier(world.store, world.store).check_all()
    return [
        *(f"{wrong.invariant}: {wrong.subject} {wrong.detail} {wrong.difference_cents}" for wrong in report.violations),
        *await _payments(world, objects),
        *await _escrows(world, objects),
        *await _payouts(world, objects),
        *_files(world, objects),
        *_traces(objects.entries),
        *await _keys(world, objects),
        *_unscored(world, objects.payments),
        *await _fees(world, objects.payments),
    ]


def came_back_cents(objects: Objects) -> int:
    """Refunds whose ACH credit was returned after it had settled: still owed to the payer."""
    entries = {entry.id: entry for entry in objects.entries}
    return sum(
        refund.amount_cents
        for refund in objects.refunds
        if refund.ach_entry_id != ""
        and entries[refund.ach_entry_id].status == "returned"
        and entries[refund.ach_entry_id].settled_at_ms > 0
    )


async def _payments(world: CoreWorld, objects: Objects) -> list[str]:
    """I5, I6: payments with what belongs to them, and their accounts."""
    books = await read_books(world.store)
    found = list(books.violations())
    sums = books.sums()
    sums["refunds_payable"] = sums.get("refunds_payable", 0) + came_back_cents(objects)
    for account, cents in sums.items():
        balances = await world.store.account(account)
        if balances.balance_cents("credit") != cents:
            found.append(f"I4: {account} holds {balances.balance_cents('credit')}, its payments say {cents}")
    return found


async def _escrows(world: CoreWorld, objects: Objects) -> list[str]:
    """I7: what went in is released, refunded or held, of the escrow, of its sources, and in the ledger."""
    found: list[str] = []
    held: defaultdict[str, int] = defaultdict(int)
    for escrow in objects.escrows:
        found += _inside(escrow)
        balances = await world.store.account(f"escrow_held/{escrow.id}")
        if balances.balance_cents("credit") != escrow.held_cents:
            found.append(f"I7: {escrow.id} says {escrow.held_cents}, its account {balances.balance_cents('credit')}")
        if escrow.is_funded:
            for source in escrow.sources:
                held[source.payment_id] += source.held_cents
    found += [
        f"I7: {payment.id} has {payment.escrowed_cents} in escrow, its escrows {held[payment.id]}"
        for payment in objects.payments
        if payment.escrowed_cents != held[payment.id]
    ]
    return [*found, *_released(objects)]


def _inside(escrow: Escrow) -> Iterator[str]:
    if escrow.released_cents + escrow.refunded_cents > escrow.amount_cents or escrow.held_cents < 0:
        yield f"I7: {escrow.id} gave more than it got"
    if escrow.released_cents != sum(source.released_cents for source in escrow.sources):
        yield f"I7: {escrow.id} released other than its sources"
    if escrow.refunded_cents != sum(source.refunded_cents for source in escrow.sources):
        yield f"I7: {escrow.id} refunded other than its sources"


def _released(objects: Objects) -> Iterator[str]:
    """I7, I13: the journals of releases are what the escrows say, and divided as they say."""
    escrows = {escrow.id: escrow for escrow in objects.escrows}
    released: Counter[str] = Counter()
    for posted in objects.journals:
        if posted.journal.recipe == "escrow_release":
            released[posted.journal.reference] += sum(move.amount_cents for move in posted.journal.moves)
            yield from _shares(escrows[posted.journal.reference], posted)
    for escrow in objects.escrows:
        if released[escrow.id] != escrow.released_cents:
            yield f"I7: {escrow.id} paid {released[escrow.id]} and says {escrow.released_cents}"


def _shares(escrow: Escrow, posted: PostedJournal) -> Iterator[str]:
    """I13: every payee gets its share to the cent above or below, and the shares sum to the whole."""
    whole = sum(move.amount_cents for move in posted.journal.moves)
    weights = sum(payee.weight for payee in escrow.payees)
    parts = {move.credit: move.amount_cents for move in posted.journal.moves}
    for payee in escrow.payees:
        part = parts.get(PROVIDER_AVAILABLE.of(payee.provider_id), 0)
        if not abs(part * weights - whole * payee.weight) < weights:
            yield f"I13: {posted.journal.id} gave {payee.provider_id} {part} of {whole}"


async def _payouts(world: CoreWorld, objects: Objects) -> list[str]:
    """I8: what is set aside and what is in flight is what payouts say; each is in one file, for its amount."""
    found: list[str] = []
    balances = await world.store.account(PAYOUT_IN_FLIGHT.name)
    in_flight = sum(payout.amount_cents for payout in objects.payouts if payout.status in IN_FLIGHT)
    set_aside = sum(payout.amount_cents for payout in objects.payouts if payout.status in SET_ASIDE)
    if balances.balance_cents("credit") != in_flight:
        found.append(f"I8: payout_in_flight holds {balances.balance_cents('credit')}, payouts say {in_flight}")
    if balances.credits_pending != set_aside:
        found.append(f"I8: {balances.credits_pending} are set aside, payouts say {set_aside}")
    found += [
        f"I15: {payout.id} is {payout.status} without approval"
        for payout in objects.payouts
        if payout.status not in {"requested", "canceled", "failed"}
        and (payout.risk in {"block", "freeze"} or len(payout.approvals) < payout.approvals_needed)
    ]
    live: Counter[str] = Counter()
    for entry in objects.entries:
        if entry.purpose == "payout" and entry.status not in {"returned", "canceled"}:
            live[entry.subject_id] += entry.amount_cents
    amounts = {payout.id: payout.amount_cents for payout in objects.payouts}
    found += [f"I8: {name} has entries of {cents}" for name, cents in live.items() if cents != amounts[name]]
    return found


def _files(world: CoreWorld, objects: Objects) -> Iterator[str]:
    """I8: the entries of a file are its totals, and those of the bytes that the bank got."""
    world.bank.look()
    for file in objects.files:
        if file.status not in WITH_BYTES:
            continue
        mine = [entry for entry in objects.entries if entry.file_id == file.id and _is_in(entry)]
        credit = sum(entry.amount_cents for entry in mine if entry.direction == "credit")
        debit = sum(entry.amount_cents for entry in mine if entry.direction == "debit")
        if (credit, debit, len(mine)) != (file.items_credit_cents, file.items_debit_cents, file.entry_count):
            yield f"I8: {file.id} has {len(mine)} entries of {credit} and {debit}, which is not what it says"
        sent = world.bank.files.get(file.name)
        if sent is not None and (sent.control.credit_cents, sent.control.debit_cents) != (
            file.credit_cents,
            file.debit_cents,
        ):
            yield f"I8: {file.id} was sent with other totals"
    names = {file.name: file.status for file in objects.files}
    for name in world.bank.files:
        if names.get(name) not in WITH_BYTES - {"built"}:
            yield f"I8: the bank has {name}, which we have as {names.get(name)}"


def _is_in(entry: AchEntry) -> bool:
    """Whether a file's bytes have it; one that was taken out before is canceled without a failure of the file."""
    return not (entry.status == "canceled" and entry.submitted_at_ms == 0)


def _traces(entries: list[AchEntry]) -> Iterator[str]:
    """I16: no two entries have one trace number."""
    traces = Counter(entry.trace_number for entry in entries if entry.trace_number != "")
    yield from (f"I16: trace {trace} was given {count} times" for trace, count in traces.items() if count > 1)


async def _keys(world: CoreWorld, objects: Objects) -> list[str]:
    """I9: a key made one object at most; each carries its key in a text of its own."""
    made = Counter(payment.description for payment in objects.payments)
    made.update(f"escrow {escrow.description}" for escrow in objects.escrows)
    made.update(f"refund {refund.reason}" for refund in objects.refunds if refund.source == "api")
    found = [f"I9: key {key} made {count} objects" for key, count in made.items() if count > 1]
    asked = sum(payout.source == "api" for payout in objects.payouts)
    known = [key.id for key in await everything(world.store, KeyRecord)]
    forgotten = [key for kind, key in world.observed.deleted if kind == kind_of(KeyRecord)]
    keys = [key for key in (*known, *forgotten) if key.startswith("payout.create:")]
    if asked != len(keys):
        found.append(f"I9: {len(keys)} keys made {asked} payouts")
    return found


def _unscored(world: CoreWorld, payments: list[Payment]) -> Iterator[str]:
    """I15: what could not be scored is reviewed, and takes no money before a person approves."""
    for payment in payments:
        if payment.id in world.engine.unscored and (
            payment.fraud.decision != "review" or (payment.captured_cents > 0 and payment.review != "approved")
        ):
            yield f"I15: {payment.id} was not scored, and is {payment.status} after {payment.fraud.decision}"


async def _fees(world: CoreWorld, payments: list[Payment]) -> list[str]:
    """I13: the fee of a payment is its share of what was captured, to the cent above or below."""
    captured: defaultdict[str, int] = defaultdict(int)
    for capture in await everything(world.store, Capture):
        if capture.status is CaptureStatus.SUCCEEDED:
            captured[capture.payment_id] += capture.amount_cents
    return [
        f"I13: {payment.id} has a fee of {payment.fee_cents} of {captured[payment.id]}"
        for payment in payments
        if abs(payment.fee_cents * WHOLE - captured[payment.id] * FEE_BASIS_POINTS) >= WHOLE
    ]
