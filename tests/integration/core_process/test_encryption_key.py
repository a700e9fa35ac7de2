"""What a core does while its encryption key cannot be used: no number is stored in clear, and payments go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary import Canary
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, Json, until
from tests.integration.core_process.kms_world import Kms
from tests.integration.core_process.marketplace import account, card, payment

PAN = "4929567812345674"
REFUSED_PAN = "5204740009900014"
REFUSED_ACCOUNT = "830417726519"
UNAVAILABLE = "urn:tillwatch:problem:encryption-unavailable"


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[Kms]:
    """A key of this test's own."""
    kms = Kms(tmp_path / "kms.json")
    yield kms
    kms.kill()


async def keeps_a_card(world: CoreWorld, pan: str = PAN) -> bool:
    """Whether a card is taken now; a refusal has to be the documented one, and retryable."""
    answer = await world.post("/v1/payment_methods", card(pan))
    if answer.status_code == 201:
        return True
    assert (answer.status_code, answer.json()["type"]) == (503, UNAVAILABLE)
    return False


async def refuses_cards(world: CoreWorld) -> bool:
    """Whether cards are refused now."""
    return not await keeps_a_card(world, REFUSED_PAN)


async def probed(world: CoreWorld) -> list[str]:
    """What was told of the encryption, in order."""
    return [event["status"] for event in await world.events() if _is_probe(event)]


def _is_probe(event: Json) -> bool:
    return bool(event["kind"] == "health.probed" and event["subject"] == "encryption")


async def assert_only_numbers_are_refused(world: CoreWorld, number: int) -> None:
    """Payments by tokens are taken, accounts are refused like cards, and what was refused is nowhere."""
    taken = await world.made("/v1/payments", payment(number))
    assert taken["status"] == "succeeded"
    answer = await world.post("/v1/bank_accounts", account(REFUSED_ACCOUNT, "cus_1", "customer"))
    assert (answer.status_code, answer.json()["type"]) == (503, UNAVAILABLE)
    assert Canary(REFUSED_ACCOUNT).under(world.folder) == []


@pytest.mark.parametrize(
    ("stop", "again"),
    [
        ((("DisableKey", {}),), ("EnableKey",)),
        ((("ScheduleKeyDeletion", {"PendingWindowInDays": 7}),), ("CancelKeyDeletion", "EnableKey")),
    ],
    ids=["disabled", "to be deleted"],
)
async def test_a_key_that_may_not_be_used_stops_cards_and_accounts_alone(
    make_world: MakeWorld, kms: Kms, stop: tuple[tuple[str, Json], ...], again: tuple[str, ...]
) -> None:
    world = make_world(*kms.flags)
    world.start(place="never")
    assert await keeps_a_card(world)
    for operation, fields in stop:
        kms.act(operation, **fields)
    await until(lambda: refuses_cards(world), "cards are refused")
    await assert_only_numbers_are_refused(world, 1)
    assert (await probed(world))[-1] == "unhealthy"
    before = Canary(REFUSED_PAN).under(world.folder)
    for operation in again:
        kms.act(operation)
    await until(lambda: keeps_a_card(world), "cards are taken again")
    assert (await probed(world))[-1] == "healthy"
    assert before == Canary(REFUSED_PAN).under(world.folder) == []
    assert "Traceback" not in world.logs()


async def test_a_start_while_the_key_is_disabled_serves_payments_and_takes_cards_once_it_is_enabled(
    make_world: MakeWorld, kms: Kms
) -> None:
    world = make_world(*kms.flags)
    world.start(place="never")
    assert await keeps_a_card(world)
    world.kill()
    kms.act("DisableKey")
    world.start(place="never")
    assert await refuses_cards(world)
    await assert_only_numbers_are_refused(world, 1)
    kms.act("EnableKey")
    await until(lambda: keeps_a_card(world), "cards are taken again")
    assert "Traceback" not in world.logs()


async def test_an_outage_of_the_key_service_is_told_as_one_that_passes(make_world: MakeWorld, kms: Kms) -> None:
    kms.kill()
    world = make_world(*kms.flags)
    world.start(place="never")
    assert await refuses_cards(world)
    await assert_only_numbers_are_refused(world, 1)
    assert (await probed(world))[-1] == "unhealthy"
    kms.start()
    await until(lambda: keeps_a_card(world), "cards are taken again")
    kms.kill()
    assert await keeps_a_card(world), "a data key in memory is good for the rest of its hour"
    assert Canary(REFUSED_PAN).under(world.folder) == []
