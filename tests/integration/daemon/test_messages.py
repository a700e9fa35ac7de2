"""Whatever comes by a queue ends as facts or in the quarantine, each fact once, and nothing comes for ever."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from checks.facts import Fact
from daemon.storage.checkpoint import Checkpoint
from daemon.translate.message import translate
from tests.integration.daemon.world import (
    COUNTING_RULE,
    EVENTS_OF_A_PAYMENT,
    Account,
    Program,
    Programs,
    Sender,
    ask,
    attempt,
    configure,
    counted,
    entries,
    packed,
    pay,
    until,
)

EVENTS = Path(__file__).parents[2] / "data" / "events"
HORIZON_MS = 86_400_000


def quarantined(directory: Path) -> list[tuple[str, int]]:
    """Source and size of what was put aside."""
    path = directory / "data" / "quarantine.db"
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT source, size_bytes FROM quarantined"))


async def facts(directory: Path) -> list[Fact]:
    """Everything that the daemon's checkpoint holds, read once the daemon has ended."""
    checkpoint = await Checkpoint.open(directory / "data" / "checkpoint.db", 100 * 366 * HORIZON_MS)
    restored = await checkpoint.restore(0)
    await checkpoint.close()
    return [fact for batch in restored.batches for fact in batch.facts]


def acknowledged(directory: Path, source: str) -> int:
    """Facts of the source that were taken over, duplicates included."""
    path = directory / "data" / "checkpoint.db"
    if not path.is_file():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT consumed + duplicates FROM totals WHERE source = ?", (source,)).fetchone()
    return 0 if row is None else int(row[0])


async def readings(program: Program, rule_id: str) -> dict[str, dict[str, object]]:
    """What the daemon says about a rule, by the key as text."""
    answer = (await ask(program, "/api/v1/rules")).json()
    (rule,) = [rule for rule in answer["rules"] if rule["id"] == rule_id]
    return {json.dumps(reading["key"]): reading for reading in rule["readings"]}


async def test_poison_a_message_of_1_mb_and_a_truncated_one_are_quarantined_and_the_rest_is_counted(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    huge = '{"x":"' + "y" * 999_992 + '"}'
    truncated = packed(attempt(90), attempt(91))[:-30]
    await sender.send(account.payment_queue, packed(attempt(1)), "not json", huge, truncated, packed(attempt(2)))
    daemon = await programs.ready_daemon(configure(tmp_path, account))
    await until(lambda: len(entries(tmp_path, "quarantine")) == 3, "three messages are put aside")
    await sender.send(account.payment_queue, packed(attempt(3)))
    await until(lambda: acknowledged(tmp_path, "payment-events") == 3, "the good messages are consumed")
    await sender.until_empty(account.payment_queue)
    assert await daemon.stop() == 0
    sizes = sorted([8, len(huge), len(truncated)])
    assert quarantined(tmp_path) == [("payment-events", size) for size in sizes]
    assert sorted(entry.fields["size_bytes"] for entry in entries(tmp_path, "quarantine")) == sizes  # type: ignore[type-var]
    ids = [fact.id for fact in await facts(tmp_path) if fact.id.startswith("evt-")]
    assert sorted(ids) == ["evt-green-1", "evt-green-2", "evt-green-3"]


async def test_what_is_delivered_again_is_counted_once(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    first, second = attempt(1), attempt(2)
    daemon = await programs.ready_daemon(configure(tmp_path, account, rules=COUNTING_RULE))
    await sender.send(account.payment_queue, packed(first, second), packed(second), packed(first, second))
    await until(lambda: acknowledged(tmp_path, "payment-events") == 5, "every delivery is taken over")
    (reading,) = (await readings(daemon, "attempts")).values()
    assert reading["value"] == 2


async def test_events_that_the_queue_never_got_come_from_the_outbox(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    core = await programs.core(tmp_path / "payments.db", account, "--environment", "blue", queue="")
    daemon = await programs.ready_daemon(configure(tmp_path, account, cores={"blue": core.url}, rules=COUNTING_RULE))
    await pay(core, [f"k{number}" for number in range(25)])
    await until(lambda: counted(tmp_path).consumed >= 25 * EVENTS_OF_A_PAYMENT, "the outbox was read back")
    await until(lambda: counted(tmp_path).lost == 0, "and what the core told by itself")
    (reading,) = (await readings(daemon, "attempts")).values()
    assert reading["value"] == 25


async def test_every_published_aws_event_is_recorded_and_read_by_the_rule_that_wants_it(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    bodies = {path.stem: path.read_text(encoding="utf-8") for path in sorted(EVENTS.glob("*.json"))}
    expected = [fact for body in bodies.values() for fact in translate(body.encode(), "").facts]
    distinct = {fact.id: fact for fact in expected}
    daemon = await programs.ready_daemon(configure(tmp_path, account))
    await sender.send(account.control_queue, *bodies.values())
    await until(lambda: acknowledged(tmp_path, "control-events") == len(expected), "every sample is consumed")
    alarms = await readings(daemon, "cloudwatch-alarm")
    costs = await readings(daemon, "cost-variance")
    await sender.until_empty(account.control_queue)
    assert await daemon.stop() == 0
    recorded = {fact.id: fact for fact in await facts(tmp_path) if fact.id in distinct}
    assert set(recorded) == set(distinct)
    assert entries(tmp_path, "quarantine") == []
    journaled = {str(entry.fields["subject"]) for entry in entries(tmp_path, "deployment")}
    assert journaled == {"ecs-svc/123", "dep-2.0.0-1"}
    assert json.dumps({"region": "eu-west-1", "subject": "payments-5xx"}) in alarms
    assert json.dumps({"source": "budget", "subject": "payments-monthly"}) in costs
