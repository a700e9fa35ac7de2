"""A bank that got one large file and sends its entries back."""

import random
from collections.abc import Mapping

import msgspec

from payment_core.ach.building.builder import make_file
from payment_core.ach.building.writer import write
from payment_core.ach.codes.returns import RETURN_CODES, ReturnStage
from payment_core.ach.files.model import AchEntry
from payment_core.ach.files.outgoing.originating import originate
from payment_core.ach.model import AchFile as NachaFile
from payment_core.ach.reading.reader import read
from payment_core.payouts.requests import PayoutRequest
from payment_core.providers.model import BankAccount
from payment_core.store.port import Transaction
from tests.return_files import Answering, return_batches
from tests.unit.payment_core.payouts.payout_world import (
    ORIGIN,
    TUESDAY_MORNING,
    PayoutWorld,
    eastern_ms,
    terms,
)

SETTLED = eastern_ms("2026-11-25 08:30")
CODES = sorted(code for code, known in RETURN_CODES.items() if known.stage is ReturnStage.RETURN)


async def settled_world(payouts: int, debits: int) -> PayoutWorld:
    """Payouts and debits that have settled, in one file."""
    wide = {"daily_limit_cents": 10_000_000, "monthly_limit_cents": 10_000_000, "approval_from_cents": 9_000_000}
    tree = terms().payouts.model_dump() | wide
    world = PayoutWorld(TUESDAY_MORNING, terms(payouts=tree))
    for number in range(payouts):
        await world.provider(f"p{number:04d}", available_cents=2_000 + number)
        key = world.call(f"k{number}")
        await world.system.desk.create(key, PayoutRequest(provider_id=f"pro_p{number:04d}"))
    while await world.run("payouts"):
        continue
    for number in range(debits):
        await debit(world, number)
    await world.run("ach-collecting", "ach-files")
    (file,) = await world.files()
    body = msgspec.json.encode({"file": file.name, "accepted": True})
    world.bank.inbox["a.ack.json"] = body
    await world.run("ach-inbox", "ach-files")
    world.clock.ms = SETTLED
    await world.run("ach-files")
    return world


async def debit(world: PayoutWorld, number: int) -> AchEntry:
    """A debit of one customer's account."""
    account = BankAccount(
        id=f"ba_c{number:04d}",
        created_at_ms=1,
        updated_at_ms=1,
        holder_id=f"cus_{number}",
        holder_kind="customer",
        holder_name=f"Customer {number}",
        token=f"bank_c{number:04d}",
        fingerprint=f"fp_c{number}",
        routing_number="121042882",
        last4="0000",
        account_type="savings",
        account_class="personal",
        status="verified",
        changed_at_ms=1,
    )
    await world.put(account)

    def work(transaction: Transaction) -> AchEntry:
        return originate(
            transaction,
            ORIGIN,
            direction="debit",
            sec="WEB",
            purpose="payment",
            subject_id=f"pay_{number:04d}",
            bank_account=account,
            amount_cents=3_000 + number,
            name=account.holder_name,
            description="PURCHASE",
        )

    return await world.memory.transact(work, "test")


def sent_file(world: PayoutWorld) -> NachaFile:
    """What the bank got."""
    (content,) = world.bank.outbound.values()
    return read(content).file


def traces_of(file: NachaFile) -> list[str]:
    """Of all entries, in order."""
    return [entry.trace_number for batch in file.batches for entry in batch.entries]


def return_file(file: NachaFile, code_by_trace: Mapping[str, str], first_sequence: int = 1) -> bytes:
    """The bank's file that returns these entries."""
    batches = return_batches(file, code_by_trace, Answering("12104288", first_sequence, "329"))
    return write(make_file(file.header, batches))


def mixed_codes(traces: list[str], seed: int) -> dict[str, str]:
    """A return code for each trace."""
    chance = random.Random(seed)  # noqa: S311 - the same file each time
    return {trace: chance.choice(CODES) for trace in traces}
