"""Lets time pass until nothing is due any more, and compares the rail's and the bank's books with ours."""

from functools import cache

import msgspec

from payment_core.ach.files.incoming.model import AchCase, ReturnFile
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ledger.accounts import BANK, RAIL_CLEARING
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, request_hash
from payment_core.payments.control import SetControl
from payment_core.payments.model import Capture, Dispute, Doubt, Payment, Refund, Waiting
from payment_core.payments.states import CaptureStatus, DisputeStatus, PaymentStatus, RefundStatus
from payment_core.payouts.model import Payout
from payment_core.store.records import Due, Record
from tests.canary import Canary
from tests.simulation.core.acts import CARDS
from tests.simulation.core.invariants import Objects, read_objects
from tests.simulation.core.world import CoreWorld
from tests.simulation.invariants import violations
from tests.simulation.payment_invariants import WAITING, everything

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SHORT_MS = 15_000
"""More than a lease."""
PAUSES_MS = (
    *[SHORT_MS] * 4,
    HOUR_MS + 1,
    *[SHORT_MS] * 2,
    *[DAY_MS] * 7,
    *[SHORT_MS] * 3,
    9 * DAY_MS,
    *[SHORT_MS] * 3,
    9 * DAY_MS,
    *[SHORT_MS] * 3,
    *[DAY_MS] * 5,
    SHORT_MS,
    HOUR_MS + 1,
    SHORT_MS,
)
"""Longer than any authorization, evidence, settlement and release takes."""
LOST = frozenset({DisputeStatus.LOST, DisputeStatus.ACCEPTED, DisputeStatus.EXPIRED})
DUE: tuple[type[Record], ...] = (Payment, Refund, Doubt, Waiting, AchEntry, AchFile, ReturnFile, KeyRecord)
CANARIES_MAX = 2
"""Account numbers that are looked for in every form; all are looked for as they are."""


canary_of = cache(Canary)
"""Its patterns take 0.1 s to compile."""


async def let_everything_end(world: CoreWorld) -> None:
    """Every job runs often; the rail answers at once, the bank accepts what it has not answered."""
    world.rail.on_the_way.clear()
    world.rail.next_answers.clear()
    world.engine.is_out = False
    process = world.new_process()
    body = SetControl(mode="normal")
    call = Call(actor="key:alice", instance="/v1/control", key="the end", request_hash=request_hash("the end", body))
    await process.handlers["POST /v1/control"](call, body)
    world.delivery.inbox.update(world.bank.sent_back)
    for pause_ms in PAUSES_MS:
        await _pass(world, pause_ms)


async def days_pass(world: CoreWorld, days: int) -> None:
    """Every job runs once a day, and the bank accepts everything."""
    for _ in range(days):
        await _pass(world, DAY_MS)


async def _pass(world: CoreWorld, pause_ms: int) -> None:
    world.clock.ms += pause_ms
    world.bank.look()
    for name in world.bank.files:
        world.delivery.inbox[f"{name}.ack.json"] = world.bank.answer(name, accepts=True)
    for job in world.process.jobs.values():
        await job.run_once(world.clock.ms)


async def end_violations(world: CoreWorld, numbers: list[str]) -> list[str]:
    """What is left in between, and where somebody else's books are not ours."""
    objects = await read_objects(world)
    return [
        *await violations(world.store),
        *await _left(world, objects),
        *await _rail(world, objects),
        *await _bank(world, objects),
        *await _events(world, numbers),
    ]


async def _left(world: CoreWorld, objects: Objects) -> list[str]:
    found = [f"the end: {each.id} is {each.status}" for each in objects.payments if each.status in WAITING]
    ended = {RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.CANCELED}
    found += [f"the end: {each.id} is {each.status}" for each in objects.refunds if each.status not in ended]
    captures = await everything(world.store, Capture)
    taken = {CaptureStatus.SUCCEEDED, CaptureStatus.FAILED}
    found += [f"the end: {each.id} is {each.status}" for each in captures if each.status not in taken]
    payouts: list[Payout] = objects.payouts
    moving = {"approved", "batched", "file_built", "submitted", "acked"}
    found += [f"the end: {each.id} is {each.status}" for each in payouts if each.status in moving]
    rest = {"settled", "returned", "canceled"}
    found += [f"the end: {each.id} is {each.status}" for each in objects.entries if each.status not in rest]
    closed = {"settled", "rejected", "abandoned"}
    found += [f"the end: {each.id} is {each.status}" for each in objects.files if each.status not in closed]
    for kind in DUE:
        found += [f"the end: {each.id} is due" for each in await world.store.query(Due(kind, world.clock.ms))]
    return found


async def _rail(world: CoreWorld, objects: Objects) -> list[str]:
    """What the rail owes us is what the ledger says, and no payment was charged twice."""
    disputes = await everything(world.store, Dispute)
    by_debit = {payment.id for payment in objects.payments if payment.ach_entry_id != ""}
    world.rail.disputes_taken_cents = sum(
        dispute.at_risk_cents for dispute in disputes if dispute.status in LOST and dispute.payment_id not in by_debit
    )
    expected = world.rail.balance_cents() + _debits_cents(objects, disputes)
    clearing = (await world.store.account(RAIL_CLEARING.name)).balance_cents("debit")
    found = [] if clearing == expected else [f"the end: the rails owe us {expected}, the ledger says {clearing}"]
    for payment in objects.payments:
        charges = [each for each in world.rail.approved(payment.id) if each.order in {"purchase", "authorize"}]
        if len(charges) > 1:
            found.append(f"the end: {payment.id} was charged {len(charges)} times")
        # A rail that does not void what came after the cancellation refunds it.
        undone = any(each.order in {"void", "refund"} for each in world.rail.approved(payment.id))
        if payment.status is PaymentStatus.CANCELED and charges and not undone:
            found.append(f"the end: {payment.id} is canceled, and the rail still holds the payer's money")
    return found


def _debits_cents(objects: Objects, disputes: list[Dispute]) -> int:
    """What payments by ACH debit leave there: nothing, but for disputes that a rail told of; the bank has the rest."""
    by_debit = {payment.id: payment.ach_entry_id for payment in objects.payments if payment.ach_entry_id != ""}
    return -sum(
        dispute.at_risk_cents
        for dispute in disputes
        if dispute.payment_id in by_debit
        and dispute.status in LOST
        and not dispute.rail_reference.startswith(f"{by_debit[dispute.payment_id]}:")
    )


async def _bank(world: CoreWorld, objects: Objects) -> list[str]:
    """The bank's account is ours, but for reversals that went wrong, about each of which people have a case."""
    balances = await world.store.account(BANK.name)
    entries = {entry.id: entry for entry in objects.entries}
    open_cents = 0
    for case in await everything(world.store, AchCase):
        settled = case.entry_id in entries and entries[case.entry_id].status == "settled"
        if case.reason == "return_of_reversed_payout" or (case.reason == "reversal_of_unsettled_payout" and settled):
            open_cents += case.amount_cents
        elif case.reason == "reversal_returned_without_cover":
            open_cents -= case.amount_cents
    ours, theirs = balances.balance_cents("debit"), world.bank.balance_cents()
    return (
        [] if ours + open_cents == theirs else [f"the end: the bank has {theirs}, the ledger {ours} and {open_cents}"]
    )


async def _events(world: CoreWorld, numbers: list[str]) -> list[str]:
    """I11, I14: an event for each change, and no number in any form in events, journals and stored answers."""
    pieces = [row.body for row in await world.store.events("", 100_000)]
    told = len(pieces)
    pieces += [msgspec.json.encode(posted.journal) for posted in await world.store.journals(0, 100_000)]
    pieces += [key.body for key in await everything(world.store, KeyRecord)]
    text = b"\n".join(pieces)
    counted = [] if told == world.observed.changed else [f"I11: {world.observed.changed} changes and {told} events"]
    return counted + [
        f"I14: {leak.form} at {leak.offset} of {leak.place}"
        for number in (*CARDS[:2], *numbers[:CANARIES_MAX])
        for leak in canary_of(number).in_bytes(text, "what is stored")
    ]
