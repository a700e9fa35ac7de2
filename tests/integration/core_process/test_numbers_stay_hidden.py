"""A core is given card and account numbers everywhere; afterwards they are found nowhere but in the bank's file."""

from pathlib import Path

import pytest

from payment_core.ach.building.builder import make_file
from payment_core.ach.building.writer import write
from tests.canary import Canary, Leak, files_under
from tests.integration.core_process.attempts import (
    Attempt,
    in_addresses,
    in_described_fields,
    in_full_bodies,
    in_open_fields,
    written,
)
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, outbound, until
from tests.integration.core_process.marketplace import (
    account,
    acknowledge_files,
    card,
    credited_cents,
    files_of,
    payable_provider,
    payment,
)
from tests.return_files import Answering, return_batches

PANS = ("4929567812345674", "5204740009900014", "374200000000004", "6011000990139424")
MISPLACED = "4916338506082832"
CVC = "9071"
PROVIDER_ACCOUNT = "830417726519"
CUSTOMER_ACCOUNT = "77402918830652146"
REPLACED_ACCOUNT = "640915273388"
ACCOUNTS = (PROVIDER_ACCOUNT, CUSTOMER_ACCOUNT, REPLACED_ACCOUNT)
CLOSED_ACCOUNT_RETURN = "R02"


async def attempt(world: CoreWorld, wanted: Attempt) -> int:
    """Send it as it is; the status."""
    headers = {"Idempotency-Key": f"try-{len(world.answers)}", "Content-Type": "application/json", **wanted.headers}
    return (await world.send(wanted.method, wanted.path, wanted.content, headers)).status_code


async def numbers_where_they_belong(world: CoreWorld) -> tuple[str, str]:
    """Keep cards and accounts, pay with them, pay out; the provider and a payment by a kept card."""
    provider = await payable_provider(world, PROVIDER_ACCOUNT)
    taken = ""
    for number, pan in enumerate(PANS):
        method = await world.made("/v1/payment_methods", card(pan, f"cus_{number}", cvc=CVC))
        paid = await world.made(
            "/v1/payments", payment(number, method=method["id"], provider=provider, cvc=CVC, description="one")
        )
        assert paid["status"] == "succeeded"
        taken = paid["id"]
    kept = await world.made("/v1/bank_accounts", account(CUSTOMER_ACCOUNT, "cus_9", "customer"))
    await world.made(
        f"/v1/bank_accounts/{kept['id']}/replace",
        {
            "routing_number": "121042882",
            "account_number": REPLACED_ACCOUNT,
            "account_type": "savings",
            "account_class": "personal",
        },
    )
    return provider, taken


async def paid_out_and_returned(world: CoreWorld, provider: str) -> None:
    """The provider's money goes into a file, and the bank sends it back."""

    async def available() -> bool:
        return (await world.balances()).get(f"provider_available/{provider}", 0) > 0

    await until(available, "money is available")
    payout = await world.made("/v1/payouts", {"provider_id": provider})
    await until(lambda: credited_cents(world, PROVIDER_ACCOUNT), "the bank has the payout")
    await acknowledge_files(world)
    (file,) = [file for file in files_of(world) if file.batches[0].header.description.strip() == "PAYOUT"]
    trace = file.batches[0].entries[0].trace_number
    content = write(
        make_file(file.header, return_batches(file, {trace: CLOSED_ACCOUNT_RETURN}, Answering("12104288", 1, "329")))
    )
    assert PROVIDER_ACCOUNT.encode() in content
    headers = {"Idempotency-Key": "returns", "Content-Type": "text/plain"}
    answer = await world.send("POST", "/v1/ach/returns", content, headers)
    assert answer.status_code == 201, answer.text
    broken = content.replace(PROVIDER_ACCOUNT.encode(), f"{PROVIDER_ACCOUNT[:-1]}\x07".encode())
    refused = await world.send("POST", "/v1/ach/returns", broken, {**headers, "Idempotency-Key": "broken"})
    assert refused.status_code == 422

    async def returned() -> bool:
        return bool((await world.get(f"/v1/payouts/{payout['id']}")).json()["status"] == "returned")

    await until(returned, "the payout came back")


def leaks_in(world: CoreWorld, number: str) -> list[Leak]:
    """Wherever the number is, beside the files that the bank was given."""
    allowed = {*outbound(world)}
    canary = Canary(number)
    on_disk = [leak for path in files_under(world.folder) if path not in allowed for leak in canary.in_file(path)]
    told = [leak for body in world.answers for leak in canary.in_bytes(body, "an answer")]
    return on_disk + told


def quoted(code: str, world: CoreWorld) -> list[str]:
    """Where a code that is too short for a search stands as a text of its own."""
    forms = [f'"{code}"'.encode(), f"cvc={code}".encode(), f"'{code}'".encode()]
    places = [str(path) for path in files_under(world.folder) if any(form in path.read_bytes() for form in forms)]
    return places + ["an answer" for body in world.answers if any(form in body for form in forms)]


async def look_at_everything(world: CoreWorld) -> None:
    """Every list, every event, the ledger, the metrics and the description."""
    description = (await world.get("/openapi.json")).json()
    for path in [path for path, operations in description["paths"].items() if "get" in operations and "{" not in path]:
        assert (await world.get(path)).status_code == 200, path
    await world.events()


@pytest.mark.timeout(300)
async def test_no_number_is_anywhere_but_in_the_file_for_the_bank(make_world: MakeWorld) -> None:
    world = make_world("--release-delay-seconds", "0")
    world.start(place="never")
    description = (await world.get("/openapi.json")).json()
    provider, taken = await numbers_where_they_belong(world)
    statuses: dict[int, int] = {}
    for text in written(MISPLACED).values():
        for wanted in [
            *in_full_bodies(text, provider, taken),
            *in_open_fields(text, provider),
            *in_addresses(text),
            *in_described_fields(description, text),
        ]:
            status = await attempt(world, wanted)
            statuses[status] = statuses.get(status, 0) + 1
            assert status < 500, (wanted, world.answers[-1])
    assert sum(statuses.values()) > 1000
    assert sum(count for status, count in statuses.items() if status in {400, 401, 404, 405, 413, 415, 422}) > 900
    await paid_out_and_returned(world, provider)
    await look_at_everything(world)
    running = [leak for number in (*PANS, MISPLACED, *ACCOUNTS) for leak in leaks_in(world, number)]
    assert running == []
    assert world.stop() == 0
    stopped = [leak for number in (*PANS, MISPLACED, *ACCOUNTS) for leak in leaks_in(world, number)]
    assert stopped == []
    assert quoted(CVC, world) == []
    assert any(Canary(PROVIDER_ACCOUNT).in_file(path) for path in outbound(world)), "the search finds nothing at all"
    assert "Traceback" not in world.logs()


def test_a_number_that_is_written_down_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "payments.db-wal").write_bytes(b"\x00" + PANS[0].encode() + b"\x00")
    assert Canary(PANS[0]).under(tmp_path)
