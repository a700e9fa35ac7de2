"""What people do on a marketplace, over the API of a running core: keep cards, add accounts, pay, and be paid."""

from payment_core.ach.model import AchFile
from payment_core.ach.reading.reader import read
from tests.integration.core_process.core_world import CoreWorld, Json, outbound, until

ROUTING = "121042882"
MICRO_PURPOSE = "ACCTVERIFY"
DONE = frozenset({"submitted", "acknowledged", "settled", "rejected", "abandoned"})
"""States in which a file is nobody's work any more but the bank's."""


def charge(cents: int) -> Json:
    """An amount as requests write it."""
    return {"amount_cents": cents, "currency": "USD"}


def payment(
    number: int, cents: int = 10_000, method: str = "tok_visa", provider: str = "pro_1", **more: object
) -> Json:
    """A payment of a customer who has no other."""
    return {
        "amount": charge(cents),
        "payment_method": method,
        "customer_id": f"cus_{number}",
        "provider_id": provider,
        **more,
    }


def card(number: str, customer: str = "cus_card", **more: object) -> Json:
    """A card to keep."""
    return {"customer_id": customer, "pan": number, "exp_month": 12, "exp_year": 2031, **more}


def account(number: str, holder: str, kind: str = "provider", **more: object) -> Json:
    """A bank account to add."""
    return {
        "holder_kind": kind,
        "holder_id": holder,
        "holder_name": f"Holder {holder[-6:]}",
        "routing_number": ROUTING,
        "account_number": number,
        "account_type": "checking",
        "account_class": "personal",
        **more,
    }


def files_of(world: CoreWorld) -> list[AchFile]:
    """What the bank got, read."""
    return [read(path.read_bytes()).file for path in outbound(world)]


def credited_cents(world: CoreWorld, account_number: str, description: str = "PAYOUT") -> list[int]:
    """The amounts of every entry with this description to the account, over all files that the bank has."""
    return [
        entry.amount_cents
        for file in files_of(world)
        for batch in file.batches
        for entry in batch.entries
        if batch.header.description.strip() == description and entry.account_number.strip() == account_number
    ]


async def verified_account(world: CoreWorld, number: str, holder: str, kind: str = "provider") -> str:
    """The id of a bank account whose holder read the two amounts from the statement."""
    made = await world.made("/v1/bank_accounts", account(number, holder, kind))
    await world.made(f"/v1/bank_accounts/{made['id']}/verification", {"method": "micro"})
    amounts = await until(
        lambda: found if len(found := credited_cents(world, number, MICRO_PURPOSE)) == 2 else None,
        "the bank has the micro-entries",
    )
    shown = await world.made(f"/v1/bank_accounts/{made['id']}/verify", {"amounts_cents": amounts})
    assert shown["status"] == "verified"
    return str(made["id"])


async def payable_provider(world: CoreWorld, number: str) -> str:
    """The id of a provider whose verified account has this number."""
    made = await world.made("/v1/providers", {"name": "Ada's Gardening", "payout_schedule": "manual"})
    account_id = await verified_account(world, number, made["id"])
    await world.made(
        f"/v1/providers/{made['id']}", {"default_bank_account_id": account_id, "minimum_payout_cents": 100}
    )
    return str(made["id"])


async def acknowledge_files(world: CoreWorld) -> None:
    """The bank takes every file that it was given, once the core knows that it has."""

    async def handed_over() -> bool:
        files = await world.all("/v1/ach/files")
        return all(file["status"] in DONE and file["followed"] for file in files)

    await until(handed_over, "every file is with the bank")
    for file in await world.all("/v1/ach/files"):
        if file["status"] == "submitted":
            await world.made(f"/v1/ach/files/{file['id']}/ack", {"accepted": True})
