"""FOCUS exports: every usable row is counted to the microcent, and no bad one is counted or hides another."""

import gzip
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.costs import focus
from daemon.costs.focus import BAD_ROWS_KEPT
from daemon.errors import Untranslatable
from tests.unit.daemon.costs.bills import ACCOUNT, HEADER, export, read_export, row

COSTS = st.decimals(min_value=-10_000, max_value=10_000, places=10, allow_nan=False, allow_infinity=False)


@given(st.lists(COSTS, max_size=20), st.booleans())
def test_the_sum_of_a_day_is_the_sum_of_its_rows_packed_or_not(costs: list[Decimal], packed: bool) -> None:
    content = export([row(f"{cost:f}") for cost in costs])
    read = read_export([gzip.compress(content, 1) if packed else content], ACCOUNT)
    lines = read.periods.get("2026-11-01", [])
    expected = sum(int((cost * 10**8).quantize(Decimal(1))) for cost in costs)
    assert sum(line.amount_microcents for line in lines) == expected
    assert read.bad == []


def test_rows_are_added_up_by_day_service_and_usage_and_the_busiest_hour_is_kept() -> None:
    rows = [
        row("0.10", hour=1, quantity="5"),
        row("0.20", hour=2, quantity="7.5"),
        row("0.20", hour=2, quantity="1"),
        row("3", service="Amazon SQS", usage="Requests", day="2026-11-04"),
    ]
    lines = read_export([export(rows)], ACCOUNT).periods["2026-11-01"]
    assert [(one.day, one.service, one.amount_microcents) for one in lines] == [
        ("2026-11-03", "Amazon DynamoDB", 50_000_000),
        ("2026-11-04", "Amazon SQS", 300_000_000),
    ]
    assert (lines[0].quantity_millionths, lines[0].peak_hour_millionths) == (13_500_000, 8_500_000)
    assert lines[1].peak_hour_millionths == 0


def test_a_correction_of_an_earlier_month_counts_in_the_period_that_bills_it() -> None:
    read = read_export([export([row("-0.5", day="2026-10-30"), row("2")])], ACCOUNT)
    assert [one.day for one in read.periods["2026-11-01"]] == ["2026-10-30", "2026-11-03"]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (row("one"), "BilledCost is no number: 'one'."),
        (row("NaN"), "BilledCost is not an amount of money: NaN."),
        (row("1e30"), "BilledCost is not an amount of money: 1E+30."),
        (row(currency="EUR"), "BillingCurrency is 'EUR'; only bills in USD are added up."),
        (row(day="2026-13-03"), "ChargePeriodStart is no point in time: '2026-13-03T00:00:00Z'."),
        (row(period="soon"), "BillingPeriodStart is no day: 'soonT00:00:00Z'."),
        (row(service=""), "ServiceName is empty."),
        (row(quantity="many"), "ConsumedQuantity is no number: 'many'."),
        (row()[:-1], "the row has 9 columns, the header 10."),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_count(bad: list[str], what: str) -> None:
    read = read_export([export([row("1"), bad, row("2")])], ACCOUNT)
    assert [(one.line, one.what) for one in read.bad] == [(3, what)]
    assert read.periods["2026-11-01"][0].amount_microcents == 300_000_000


def test_many_bad_rows_are_counted_and_only_some_kept() -> None:
    read = read_export([export([row("x")] * 100)], ACCOUNT)
    assert (len(read.bad), read.bad_count) == (BAD_ROWS_KEPT, 100)


def test_rows_of_other_accounts_are_left_out() -> None:
    content = export([row("1"), row("5", account="999999999999"), row("2", account="")])
    assert read_export([content], ACCOUNT).periods["2026-11-01"][0].amount_microcents == 300_000_000
    assert read_export([content], ACCOUNT).others == 1
    assert read_export([content], "").others == 0


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "there is no column BilledCost"),
        (b"a,b\n1,2\n", "there is no column BilledCost"),
        (export([], [name for name in HEADER if name != "ServiceName"]), "there is no column ServiceName"),
        (gzip.compress(export([row()]))[:-12], "cannot be read to its end"),
        (b"PAR1\x15\x04", "cannot be read to its end"),
        (b"\x1f\x8bnonsense", "cannot be read to its end"),
        (export([row("9" * 200_000)]), "cannot be read to its end"),
    ],
)
def test_a_file_that_is_no_whole_export_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(Untranslatable, match=what):
        read_export([export([row()]), content], ACCOUNT)


def test_more_sums_than_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "SUMS_MAX", 5)
    assert read_export([export([row(hour=1)] * 50)], ACCOUNT).bad == []
    with pytest.raises(Untranslatable, match="more than 5 sums; export by day"):
        read_export([export([row(hour=hour) for hour in range(20)])], ACCOUNT)


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "ROWS_MAX", 3)
    with pytest.raises(Untranslatable, match="more than 3 rows"):
        read_export([export([row()] * 4)], ACCOUNT)
