"""An export is moved by the shown commands: killed and resumed, proved, reported, taken back, and no number leaks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.exports.truth import Truth
from payment_core.clock import SystemClock
from payment_core.migration.export.kinds import Kind
from payment_core.registry import core_registry
from payment_core.store.sqlite.store import SqliteStore
from tests import forked
from tests.canary import Canary, leaks_of
from tests.integration.core_process.core_world import rows, until

PLAN = ExportPlan(seed=3, customers=50, accounts=5, charges=30, dirt_percent=5)
CANARIES = 4
"""Numbers that are looked for in every form; each takes a while over all files."""


class Place:
    """A core's folder with an empty store, an export beside it, and everything that commands said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.export = folder / "export"
        self.data = folder / "data"
        self.said = ""

    def words(self, *words: str) -> list[str]:
        return ["daemon", "migrate", *words, "--data-dir", str(self.data)]

    async def run(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        """What a command answers as JSON."""
        ended = await forked.run_beside(*self.words(*words, "--json"))
        self.said += ended.stdout + ended.stderr
        assert ended.returncode == code, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1]) if ended.stdout else ended.stderr

    def batches(self) -> int:
        """How many are in the store."""
        return int(rows(self.data / "payments.db", "SELECT count(*) FROM records WHERE kind = 'migration_batch'")[0][0])


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    store = SqliteStore(path=made.data / "payments.db", registry=core_registry(), producer="test", clock=SystemClock())
    await store.open()
    await store.close()
    return made


def numbers_in(export: Path) -> list[str]:
    """Card numbers of an export; the invented account numbers are nearly all zeros, which are everywhere."""
    cards = re.findall(rb'"number":"(\d{13,19})"', (export / "payment_methods-0000.json").read_bytes())
    return [number.decode() for number in cards[:CANARIES]]


async def killed_behind_another_batch(place: Place) -> None:
    """Begin or go on, and end as ``kill -9`` does once another batch is in the store."""
    before = place.batches()
    with forked.Forked(place.words("run", str(place.export), "--batch", "8", "--resume")) as running:
        await until(lambda: place.batches() > before or running.poll() is not None, "another batch is stored")
        running.kill()


def moved_counts(truth: Truth, statuses: list[dict[str, Any]]) -> dict[str, int]:
    """Records that each job read, beside those that there are."""
    promised = {
        "customers": [Kind.CUSTOMERS],
        "payment-methods": [Kind.PAYMENT_METHODS],
        "provider-bank-accounts": [Kind.ACCOUNTS, Kind.BANK_ACCOUNTS],
    }
    return {
        status["job"]: status["counts"]["read"] - sum(truth.of(kind).records for kind in promised[status["job"]])
        for status in statuses
        if status["job"] in promised
    }


@pytest.mark.timeout(180)
async def test_a_migration_by_the_shown_commands_survives_kills_and_is_right_to_the_cent(place: Place) -> None:
    truth = write_export(place.export, PLAN)
    for _ in range(2):
        await killed_behind_another_batch(place)
    done = await place.run("run", str(place.export), "--batch", "8", "--resume")
    assert [job["state"] for job in done["jobs"]] == ["done"] * 5
    assert set(moved_counts(truth, done["jobs"]).values()) == {0}
    found = await place.run("verify", str(place.export))
    assert (found["right"], found["ledger_balanced"], found["difference_count"]) == (True, True, 0)
    balances = {(one["account"], one["currency"]): one["here"] for one in found["accounts"]}
    assert balances == {
        (f"history_balance/{account or 'platform'}", currency.upper()): net
        for account, nets in truth.balances.items()
        for currency, net in nets.items()
    }
    canaries = numbers_in(place.export)
    assert len(canaries) == CANARIES
    assert leaks_of(canaries, place.data) == []
    assert [leak for number in canaries for leak in Canary(number).in_text(place.said, "output")] == []


async def test_what_cannot_be_used_is_said_with_where_and_what_to_do(place: Place) -> None:
    said = await place.run("plan", str(place.folder / "nowhere"), code=2)
    assert "manifest.json" in said
    write_export(place.export, ExportPlan(customers=3, accounts=1, charges=2))
    (place.export / "customers-0000.jsonl").write_bytes(b"{}\n")
    assert "copy it again" in await place.run("plan", str(place.export), code=2)
    assert "it does not run" in await place.run("pause", "--job", "customers", code=1)
