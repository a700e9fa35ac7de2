"""The summary of a run says what broke apart from what only watches, and its payments add up."""

from pathlib import Path

from rich.console import Console

from daemon.cli.up import _summary, _watching
from daemon.embedded.telling.report import EventsRow, FindingRow, LedgerRow, PaymentsRow, Report
from daemon.embedded.telling.savings import Savings


def shown(*rules: str, processing: int = 0, subject: str = "environment=green") -> str:
    """The summary of a run in which these rules were breached."""
    report = Report(
        scenario="made",
        seconds=60,
        payments=PaymentsRow(attempted=9, succeeded=6, declined=1, failed=0, processing=processing, not_sent=0),
        events=EventsRow(published=1, consumed=1, duplicates=0, lost=0),
        findings=[FindingRow(rule=rule, subject=subject, at="") for rule in rules],
        decisions=[],
        actions=[],
        incidents=[],
        deployments=[],
        ledger=LedgerRow(balanced=True, entries=2),
        savings=Savings(percent=None, cents_per_100=None, cohort="none"),
    )
    console = Console(width=120)
    with console.capture() as said:
        console.print(_summary(report, {"watched"}))
    return said.get()


def test_a_rule_that_only_watches_is_not_said_to_be_breached() -> None:
    lines = [line.strip("│ ").split("│") for line in shown("watched", "enforced").splitlines() if "for green" in line]
    assert [(label.strip(), rule.strip()) for label, rule in lines] == [
        ("breached", "enforced for green"),
        ("in shadow", "watched for green"),
    ]


def test_what_a_rule_is_about_is_shown_as_it_was_written_and_obeyed_by_nothing() -> None:
    said = shown("enforced", subject="subject=[/red]\x1b[2J alarm")
    assert "[/red]" in said
    assert "\x1b[2J" not in said


def test_payments_that_are_under_way_at_the_end_are_told_so_that_the_others_add_up() -> None:
    assert "9 attempted, 6 succeeded, 1 declined, 0 failed, 2 processing" in shown(processing=2)
    assert "processing" not in shown()


def test_which_rules_only_watch_is_read_from_the_rules_that_run(tmp_path: Path) -> None:
    assert "savings-below-98-percent" in _watching(None)
    assert "payment-failure-rate" not in _watching(None)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(
        "rules:\n- {id: mine, family: sla, on: heartbeat, measure: {absent: 30s}, severity: low, mode: shadow, "
        "runbook: source-silent}\n",
        encoding="utf-8",
    )
    assert _watching(tmp_path) == {"mine"}
