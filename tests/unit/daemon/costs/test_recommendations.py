"""Advice has its saving and its source, and is not given where the bill does not say enough."""

import pytest

from daemon.costs.line import MILLION, BillLine
from daemon.costs.recommendations import Evidence, Recommendation, recommendations
from tests.unit.daemon.costs.bills import line

DAYS = [f"2026-11-{day:02d}" for day in range(1, 11)]
CENT = MILLION


def every_day(
    usage: str, cents: int, *, service: str = "a service", quantity: int = 0, peak: int = 0
) -> list[BillLine]:
    """The same line on each of ten days. quantity, peak: whole units."""
    return [
        line(
            day,
            cents * CENT,
            service,
            usage,
            quantity_millionths=quantity * MILLION,
            peak_hour_millionths=peak * MILLION,
        )
        for day in DAYS
    ]


def advised(lines: list[BillLine], **more: object) -> list[Recommendation]:
    """The advice on this bill."""
    return recommendations(Evidence(lines=lines, retention_days=30, **more))  # type: ignore[arg-type]  # a test's shorthand


def test_x86_is_advised_against_by_what_arm_saves_of_it() -> None:
    found = advised(
        [*every_day("USE1-Fargate-vCPU-Hours:perCPU", 100), *every_day("Fargate-ARM-vCPU-Hours:perCPU", 70)]
    )
    assert [(one.kind, one.saving_cents, one.spent_cents) for one in found] == [
        ("arm64", 3_000 * 2_001 // 10_000, 3_000)
    ]
    assert "10 days of the bill" in found[0].source


def test_idle_addresses_are_saved_whole() -> None:
    (found,) = advised(every_day("USE1-PublicIPv4:IdleAddress", 12))
    assert (found.kind, found.saving_cents) == ("idle-capacity", 360)


def test_processors_are_halved_when_every_reading_is_low_and_only_then() -> None:
    lines = every_day("Fargate-ARM-vCPU-Hours:perCPU", 100)
    (found,) = advised(lines, cpu={"core": 20.0}, cpu_days=7)
    assert (found.kind, found.saving_cents) == ("idle-capacity", 1_500)
    assert advised(lines, cpu={"core": 20.0, "other": 35.0}, cpu_days=7) == []
    assert advised(lines, cpu={"core": 20.0}, cpu_days=6) == []
    assert advised(lines) == []


def test_steady_requests_are_cheaper_provisioned_and_uneven_ones_are_not() -> None:
    # 7.2 million writes an hour are 2,000 a second: 2,858 units at 70 %, $1.86 an hour, against $4.50 on demand.
    steady = every_day("WriteRequestUnits", 10_800, quantity=172_800_000, peak=7_200_000)
    (found,) = advised(steady)
    assert found.kind == "dynamodb-provisioned"
    assert found.saving_cents == (10_800 * 10 * CENT - 2_858 * 65_000 * 240) * 30 // 10 // CENT
    assert advised(every_day("WriteRequestUnits", 1_000, quantity=16_000_000, peak=7_200_000)) == []


def capacity(writes: int, reads: int) -> list[BillLine]:
    """A bill of so many cents a day for provisioned units."""
    return [*every_day("USE1-WriteCapacityUnit-Hrs", writes), *every_day("USE1-ReadCapacityUnit-Hrs", reads)]


def test_idle_provisioned_units_are_cheaper_by_request_and_busy_ones_are_not() -> None:
    # 100 write units a day of 24 h cost $1.56; a million writes by request are $0.625, eight million reads $1.
    (found,) = advised(capacity(156, 31), consumed={"Write": 1_000_000, "Read": 800_000}, consumed_days=9)
    assert found.kind == "dynamodb-on-demand"
    assert (found.spent_cents, found.saving_cents) == (
        187 * 30,
        (1_870 * 1_000_000 - 10 * 72_500_000) * 30 // 10 // CENT,
    )
    assert "of 9 days, 800,000 reads and 1,000,000 writes on the busiest" in found.source
    assert "every table with provisioned capacity" in found.condition
    assert advised(capacity(156, 31), consumed={"Write": 3_000_000, "Read": 0}, consumed_days=9) == []


@pytest.mark.parametrize(
    ("consumed", "days"), [({}, 0), ({"Write": 0}, 9), ({"Read": 0}, 9), ({"Write": 0, "Read": 0}, 6)]
)
def test_units_that_nobody_measured_for_a_week_in_both_directions_are_not_called_idle(
    consumed: dict[str, int], days: int
) -> None:
    assert advised(capacity(156, 31), consumed=consumed, consumed_days=days) == []


def test_never_is_both_advised_of_the_same_units() -> None:
    lines = [*capacity(156, 31), *every_day("WriteRequestUnits", 10_800, quantity=172_800_000, peak=7_200_000)]
    found = advised(lines, consumed={"Write": 173_000_000, "Read": 0}, consumed_days=9)
    assert [one.kind for one in found] == ["dynamodb-provisioned"]


def test_tables_for_infrequent_access_have_other_prices_and_no_advice() -> None:
    lines = every_day("USE1-IA-WriteRequestUnits", 10_800, quantity=172_800_000, peak=7_200_000)
    assert advised([*lines, *every_day("IA-WriteCapacityUnit-Hrs", 156)], consumed_days=9) == []


def test_requests_by_the_day_alone_give_no_advice() -> None:
    assert advised(every_day("WriteRequestUnits", 10_800, quantity=172_800_000)) == []


def test_logs_beyond_the_retention_are_saved() -> None:
    # 600 GB stand there (20 GB months a day), 10 GB a day are written: 30 days keep 300 of them.
    stored = every_day("USE1-TimedStorage-ByteHrs", 60, service="AmazonCloudWatch", quantity=20)
    written = every_day("USE1-DataProcessing-Bytes", 500, service="AmazonCloudWatch", quantity=10)
    (found,) = advised([*stored, *written])
    assert (found.kind, found.spent_cents, found.saving_cents) == ("log-retention", 1_800, 900)
    assert "600.0 GB stored, 10.00 GB a day written" in found.source
    assert advised(stored) == []


@pytest.mark.parametrize("usage", ["Fargate-vCPU-Hours:perCPU", "PublicIPv4:IdleAddress"])
def test_less_than_a_week_gives_no_advice(usage: str) -> None:
    assert advised([one for one in every_day(usage, 100) if one.day < "2026-11-07"]) == []


def test_credits_are_no_spending_that_could_be_saved() -> None:
    assert advised(every_day("Fargate-vCPU-Hours:perCPU", -100)) == []


def test_the_largest_saving_comes_first() -> None:
    found = advised([*every_day("PublicIPv4:IdleAddress", 1), *every_day("Lambda-GB-Second", 100)])
    assert [one.kind for one in found] == ["arm64", "idle-capacity"]
