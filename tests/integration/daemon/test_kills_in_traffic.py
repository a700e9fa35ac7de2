"""Kill -9 in the middle of traffic: nothing is lost and nothing is counted twice."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random

from remediation.journal.verify import verify
from tests.integration.daemon.world import (
    COUNTING_RULE,
    Account,
    Program,
    Programs,
    ask,
    configure,
    counted,
    entries,
    pay,
    until,
)

KILLS = 3
SEED = 20_261_123


class Payers:
    """One payer per core, each paying for ever. paid: payments that were answered."""

    def __init__(self, cores: dict[str, Program]) -> None:
        self._cores = cores
        self.paid: Counter[str] = Counter()

    def start(self, group: asyncio.TaskGroup) -> list["asyncio.Task[None]"]:
        """Begin to pay."""
        return [group.create_task(self._pay(name), name=f"pay {name}") for name in self._cores]

    async def more(self, payments: int) -> None:
        """Wait for so many payments from now."""
        wanted = self.paid.total() + payments
        await until(lambda: self.paid.total() >= wanted, f"{payments} more payments")

    async def _pay(self, name: str) -> None:
        for number in count():
            await pay(self._cores[name], [f"{name}-{number}"])
            self.paid[name] += 1


def attempts_by_environment(database: Path) -> dict[str, int]:
    """An exact recount of the core's outbox."""
    with closing(sqlite3.connect(database)) as connection:
        events = [json.loads(body) for (body,) in connection.execute("SELECT body FROM outbox")]
    return Counter(event["environment"] for event in events if event["kind"] == "payment.attempted")


async def test_three_kills_in_the_middle_of_traffic_lose_and_repeat_nothing(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    database = tmp_path / "payments.db"
    cores = {name: await programs.core(database, account, "--environment", name) for name in ("blue", "green")}
    urls = {name: core.url for name, core in cores.items()}
    folder = configure(tmp_path, account, cores=urls, rules=COUNTING_RULE)
    # A moment is a number of payments, so that the same seed kills at the same places on any machine.
    chance = Random(SEED)  # noqa: S311  # a kill that can be repeated
    payers = Payers(cores)
    daemon = await programs.ready_daemon(folder)
    async with asyncio.TaskGroup() as group:
        paying = payers.start(group)
        for _ in range(KILLS):
            await payers.more(chance.randrange(10, 120))
            await daemon.kill()
            await payers.more(chance.randrange(5, 40))
            daemon = await programs.ready_daemon(folder)
        await payers.more(50)
        for payer in paying:
            payer.cancel()
    await until(lambda: counted(tmp_path).lost == 0, "every outbox row is consumed")
    for core in cores.values():
        assert await core.stop() == 0
    await until(lambda: counted(tmp_path).lost == 0, "what the cores sent last is consumed too")
    counts = counted(tmp_path)
    assert counts.consumed == counts.published >= payers.paid.total() > 100

    rules = (await ask(daemon, "/api/v1/rules")).json()["rules"]
    (rule,) = [rule for rule in rules if rule["id"] == "attempts"]
    seen = {reading["key"]["environment"]: reading["value"] for reading in rule["readings"]}
    assert seen == attempts_by_environment(database)
    assert await daemon.stop() == 0
    assert len(entries(tmp_path, "daemon.started")) == 1 + KILLS
    assert verify(tmp_path / "data" / "journal.db").first_bad is None
