"""``tillwatch status``: one command answers the four questions, and its exit code says whether all is well."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from daemon.cli import app
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.app import create_app
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.cli.release_commands import Line, document, run
from tests.unit.daemon.http.conftest import RememberingQuarantine, RememberingSink
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.http.story import bad_canary, options

QUESTIONS = [
    "What broke?",
    "What did it do about it?",
    "Why did it not do more?",
    "Is every cent accounted for?",
]


def doors(view: FakeView, ledger: LedgerStatus | None) -> Starlette:
    made = replace(options(view), ledger=lambda: ledger)
    return create_app(view, RememberingSink(), cast("Quarantine", RememberingQuarantine()), made)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def proof(view: FakeView, *, balanced: bool = True) -> LedgerStatus:
    wrong = () if balanced else ("I2: USD sums to 1 cent",)
    return LedgerStatus(balanced=balanced, entries=1204, checked_at_ms=view.now_ms(), violations=wrong)


def test_each_question_has_its_answer_and_an_open_incident_is_exit_1(
    monkeypatch: pytest.MonkeyPatch, loop: asyncio.Runner
) -> None:
    view = bad_canary()
    Line(doors(view, proof(view)), loop).connect(monkeypatch)
    told = run("viewer", "status")
    assert told.exit_code == 1, told.stderr
    assert [line for line in told.stdout.splitlines() if line.endswith("?")] == QUESTIONS
    broke, rest = told.stdout.split(QUESTIONS[1])
    assert "payment-failure-rate" in broke
    done, rest = rest.split(QUESTIONS[2])
    assert "rollback.traffic on " in done
    assert "84 ms after its cause" in done
    held, money = rest.split(QUESTIONS[3])
    assert "cool" in held
    assert "204 entries sum to zero" in money
    assert "tillwatch incidents show inc-" in money


@pytest.mark.parametrize("ledger", ["none", "broken"])
def test_money_that_is_not_known_to_be_there_is_never_well(
    ledger: str, monkeypatch: pytest.MonkeyPatch, loop: asyncio.Runner
) -> None:
    view = bad_canary()
    Line(doors(view, None if ledger == "none" else proof(view, balanced=False)), loop).connect(monkeypatch)
    told = run("viewer", "status", "--json")
    money = document(told)["ledger"]
    assert isinstance(money, dict)
    assert (told.exit_code, money["state"]) == (1, "no_data" if ledger == "none" else "broken")


def test_without_a_daemon_it_says_what_still_answers() -> None:
    gone = CliRunner().invoke(app, ["status", "--url", "http://127.0.0.1:9"])
    assert (gone.exit_code, gone.stdout) == (3, "")
    assert "tillwatch audit tail" in gone.stderr
    assert "tillwatch ledger verify" in gone.stderr
