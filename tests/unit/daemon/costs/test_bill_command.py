"""``tillwatch costs`` shows the AWS bill beside what payments cost, and says when there is none."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from config.costs import CostSettings
from daemon.cli.costs.bill import bill_lines
from daemon.cli.costs.commands import costs_app
from daemon.clock import SystemClock
from daemon.costs.book import CostBook
from daemon.costs.review import review_costs
from tests.unit.daemon.costs.bills import ACCOUNT, export, line, row

CENT = 1_000_000


def day(back: int) -> str:
    """The UTC day so many days ago; commands read the clock of the machine."""
    return (datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC).date() - timedelta(days=back)).isoformat()


def run(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(costs_app, [str(word) for word in words])


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    rows = [row("1.50", day=day(back), period=f"{day(back)[:7]}-01") for back in range(2, 20)]
    (folder / "focus.csv").write_bytes(export([*rows, row("oops")]))
    return folder


def test_a_service_is_explained_by_day_and_usage_from_a_folder_of_exports(exports: Path) -> None:
    ended = run("explain", "Amazon DynamoDB", "--service", "--exports", str(exports))
    assert ended.exit_code == 0, ended.output
    assert f"{day(2)}  WriteRequestUnits" in ended.stdout
    assert "150.000000 c" in ended.stdout
    assert "against 150.000000 c, the mean of the 14 days before" in ended.stdout
    assert "focus.csv:20: BilledCost is no number: 'oops'." in ended.stderr
    told = json.loads(run("explain", "Amazon DynamoDB", "--service", "--exports", str(exports), "--json").stdout)
    assert {one["amount_microcents"] for one in told["lines"]} == {150 * CENT}


def test_a_service_that_is_not_in_the_bill_is_a_no(exports: Path) -> None:
    ended = run("explain", "Amazon Nothing", "--service", "--exports", str(exports))
    assert ended.exit_code == 1
    assert "the bill has no service of this name" in ended.stderr


def test_without_a_bill_nothing_is_explained(tmp_path: Path) -> None:
    ended = run("explain", "Amazon DynamoDB", "--service", "--data-dir", str(tmp_path))
    assert ended.exit_code == 1
    assert "no bill is kept here" in ended.stderr


def test_a_folder_that_is_not_there_and_one_of_which_nothing_can_be_used_are_bad_input(tmp_path: Path) -> None:
    assert run("explain", "x", "--service", "--exports", str(tmp_path / "gone")).exit_code == 2
    (tmp_path / "bad.csv").write_text("a,b\n", encoding="utf-8")
    ended = run("explain", "x", "--service", "--exports", str(tmp_path))
    assert ended.exit_code == 2
    assert "there is no column BilledCost" in ended.stderr


async def test_the_bill_of_the_daemons_book_is_shown_with_forecast_budget_and_advice(tmp_path: Path) -> None:
    now_ms = round(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)
    days = [f"2026-11-{number:02d}" for number in range(1, 19)]
    lines = [line(one, 100 * CENT, "Amazon ECS", "Fargate-vCPU-Hours:perCPU") for one in days]
    book = await CostBook.open(tmp_path / "costs.db")
    await book.take_days(lines, days[0], "2026-11-20")
    settings = CostSettings(monthly_budget_cents=2_000)
    shown = "\n".join(bill_lines(await review_costs(book, settings, now_ms)))
    await book.close()
    assert "AWS in 2026-11: $18.00 in 18 days up to 2026-11-18" in shown
    assert "forecast $30.00" in shown
    assert "budget $20.00: 90.00 % used, 50 %, 80 % reached" in shown
    assert "saves $6.00 a month: Run Fargate tasks and Lambda functions on arm64" in shown
    assert ACCOUNT not in shown


async def test_an_empty_book_knows_nothing_of_the_bill(tmp_path: Path) -> None:
    book = await CostBook.open(tmp_path / "costs.db")
    shown = list(bill_lines(await review_costs(book, CostSettings(), SystemClock().now_ms())))
    await book.close()
    assert shown == ["AWS: the bill has no day of the last month, so nothing is known of what AWS costs"]
