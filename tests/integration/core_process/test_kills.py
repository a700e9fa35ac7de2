"""A core is killed in the middle of everything, and afterwards every cent is where it would be without the kill."""

import asyncio
import subprocess
from collections import Counter

import pytest

from tests.forked import run
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, until
from tests.integration.core_process.marketplace import acknowledge_files, credited_cents, payable_provider, payment
from tests.integration.core_process.traffic import Person, everybody, waiting_records, wrong_with_money

ACCOUNT = "830417726519"
LATER = "never@130000"
"""A start after every lease of the dead process has ended."""
PEOPLE = 60
QUICK = ("--release-delay-seconds", "0")


async def provider_with_money(world: CoreWorld) -> str:
    """A provider who can be paid out."""
    provider = await payable_provider(world, ACCOUNT)
    for number in range(3):
        await world.made("/v1/payments", payment(9_000 + number, 90_000 + number, provider=provider))

    async def available() -> bool:
        return (await world.balances()).get(f"provider_available/{provider}", 0) > 240_000

    await until(available, "money is available")
    return provider


async def killed_after(world: CoreWorld, answers: int) -> None:
    """Kill the core once it has given so many more answers."""
    enough = len(world.answers) + answers
    await until(lambda: len(world.answers) >= enough, "enough answers")
    world.kill()


def audit_verified(world: CoreWorld) -> "subprocess.CompletedProcess[str]":
    """What the command says about the audit trail."""
    return run("daemon", "audit", "verify", "--core", "--data-dir", str(world.folder))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("answers", [3, 40, 90])
async def test_a_kill_in_mixed_traffic_loses_nothing_and_does_nothing_twice(
    make_world: MakeWorld, answers: int
) -> None:
    world = make_world(*QUICK)
    world.start(place="never")
    provider = await provider_with_money(world)
    people = [Person(world, number, provider) for number in range(PEOPLE)]
    async with asyncio.TaskGroup() as group:
        group.create_task(killed_after(world, answers), name="kill")
        await everybody(people)
    world.start(place=LATER)
    await everybody(people)
    assert [line for person in people for line in person.changed] == []
    answers_given = Counter(answer.status_code for person in people for answer in person.given.values())
    done = sum(count for status, count in answers_given.items() if status < 400)
    assert done > 0.5 * answers_given.total(), f"most of what was asked for was possible: {answers_given}"
    payouts = sum(person.number % 5 == 4 for person in people)
    await until(lambda: len(credited_cents(world, ACCOUNT)) == payouts, "the bank has every payout")
    await acknowledge_files(world)
    await until(lambda: waiting_records(world) == [], "nothing waits for the rail")
    assert [wrong async for wrong in wrong_with_money(world, ACCOUNT)] == []
    assert world.stop() == 0
    verified = audit_verified(world)
    assert verified.returncode == 0, verified.stdout + verified.stderr
