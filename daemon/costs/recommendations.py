"""What could be paid less for, by the bill's own usage, with the saving and the source of the figures."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from daemon.costs.line import MILLION, BillLine

DAYS_MIN = 7
"""A whole week of figures; with less, one busy or idle day would decide."""
MONTH_DAYS = 30
TARGET_UTILISATION_PERCENT = 70
"""What DynamoDB's own scaling aims at: provisioned capacity is the busiest hour's mean divided by this."""
IDLE_CPU_PERCENT = 35.0
"""Below half of the target in the busiest reading, half of the processors would do."""
SAVING_CENTS_MIN = 1

_FARGATE_X86 = re.compile(r"Fargate-(vCPU|GB)-Hours(:|$)")
_FARGATE_CPU = re.compile(r"Fargate-(ARM-)?vCPU-Hours")
_LAMBDA_X86 = re.compile(r"Lambda-GB-Second$")
_IDLE_ADDRESS = re.compile(r"(PublicIPv4|ElasticIP):IdleAddress")
_REQUEST_UNITS = re.compile(r"(^|-)(Write|Read)RequestUnits$")
_CAPACITY_UNITS = re.compile(r"(^|-)(Write|Read)CapacityUnit-Hrs$")
_INFREQUENT = re.compile(r"(^|-)IA-")
"""Tables of the class for infrequent access, whose units have other prices."""
_LOG_STORAGE = re.compile(r"(^|-)TimedStorage-ByteHrs$")
_LOG_INGESTION = re.compile(r"(^|-)DataProcessing-Bytes$")

ARM_SAVES_PER_10_000 = {"vCPU": 2_001, "GB": 1_991, "Lambda": 1_999}
"""us-east-1: vCPU hour $0.04048 and $0.03238, GB hour $0.004445 and $0.00356, Lambda GB second $16.6667 and $13.3334
a million."""
PROVISIONED_UNIT_HOUR = {"Write": 65_000, "Read": 13_000}
"""Microcents: 0.00065 and 0.00013 USD an hour in us-east-1."""
ON_DEMAND_TEN_UNITS = {"Write": 625, "Read": 125}
"""Microcents: $0.625 and $0.125 a million request units in us-east-1; a capacity unit that is used is one of them."""
HOUR_SECONDS = 3_600


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to change. saving_cents: of a month of 30 days, rounded down. source: where its figures are from."""

    kind: str
    title: str
    saving_cents: int
    spent_cents: int
    source: str
    condition: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What CloudWatch says beside the bill; empty where no such metric is read.

    cpu: the busiest reading in percent by ECS service. consumed: by direction, ``Write`` and ``Read``, the units of the
    busiest day that tables used. cpu_days, consumed_days: days that have such readings.
    """

    cpu: Mapping[str, float] = {}
    cpu_days: int = 0
    consumed: Mapping[str, int] = {}
    consumed_days: int = 0


class Evidence(Measured, frozen=True, kw_only=True):
    """What advice is made from. lines: of complete days. retention_days: what logs are to be kept for."""

    lines: Sequence[BillLine]
    retention_days: int


def recommendations(evidence: Evidence) -> list[Recommendation]:
    """Everything that would save a cent a month or more, most first.

    Nothing is advised without figures: empty when the bill has less than a week, and no advice on a usage that the bill
    does not tell of, or not by the hour where the hour decides.
    """
    days = {line.day for line in evidence.lines}
    if len(days) < DAYS_MIN:
        return []
    advisers = (_arm64, _idle_addresses, _idle_processors, _provisioned, _on_demand, _log_retention)
    advised = (advise(evidence, len(days)) for advise in advisers)
    found = [one for one in advised if one is not None and one.saving_cents >= SAVING_CENTS_MIN]
    return sorted(found, key=lambda one: -one.saving_cents)


def _arm64(evidence: Evidence, days: int) -> Recommendation | None:
    saved = spent = 0
    for line in evidence.lines:
        match = _FARGATE_X86.search(line.usage)
        kind = match[1] if match is not None else "Lambda" if _LAMBDA_X86.search(line.usage) else ""
        if kind and line.amount_microcents > 0:
            spent += line.amount_microcents
            saved += line.amount_microcents * ARM_SAVES_PER_10_000[kind] // 10_000
    return Recommendation(
        kind="arm64",
        title="Run Fargate tasks and Lambda functions on arm64",
        saving_cents=_monthly_cents(saved, days),
        spent_cents=_monthly_cents(spent, days),
        source=f"{days} days of the bill, usage types Fargate-vCPU-Hours, Fargate-GB-Hours and Lambda-GB-Second; list "
        "prices of us-east-1",
        condition="the images and packages exist for arm64",
    )


def _idle_addresses(evidence: Evidence, days: int) -> Recommendation | None:
    spent = _spent(evidence, lambda line: _IDLE_ADDRESS.search(line.usage) is not None)
    return Recommendation(
        kind="idle-capacity",
        title="Release public IPv4 addresses that nothing uses",
        saving_cents=_monthly_cents(spent, days),
        spent_cents=_monthly_cents(spent, days),
        source=f"{days} days of the bill, usage types IdleAddress",
        condition="the addresses are in no allow list of a partner",
    )


def _idle_processors(evidence: Evidence, days: int) -> Recommendation | None:
    """Half the processors, where every service's busiest reading would fit; without readings there is no advice."""
    if evidence.cpu_days < DAYS_MIN or not evidence.cpu or max(evidence.cpu.values()) >= IDLE_CPU_PERCENT:
        return None
    spent = _spent(evidence, lambda line: _FARGATE_CPU.search(line.usage) is not None)
    busiest = max(evidence.cpu.values())
    return Recommendation(
        kind="idle-capacity",
        title="Halve the processors of the Fargate tasks",
        saving_cents=_monthly_cents(spent // 2, days),
        spent_cents=_monthly_cents(spent, days),
        source=f"{days} days of the bill, usage types Fargate-vCPU-Hours; AWS/ECS CPUUtilization of "
        f"{evidence.cpu_days} days, at most {busiest:.1f} % ({', '.join(sorted(evidence.cpu))[:200]})",
        condition="every Fargate service of the account is among those whose CPUUtilization is read",
    )


def _provisioned(evidence: Evidence, days: int) -> Recommendation | None:
    """On-demand requests at the price of enough provisioned units for the busiest hour, all of the time."""
    lines = [line for line in evidence.lines if _is_units(line, _REQUEST_UNITS)]
    if not lines or any(line.quantity_millionths > 0 and line.peak_hour_millionths == 0 for line in lines):
        return None
    peaks: dict[str, int] = {}
    for line in lines:
        peaks[line.usage] = max(peaks.get(line.usage, 0), line.peak_hour_millionths)
    spent = sum(line.amount_microcents for line in lines)
    hours = 24 * days
    units = {usage: _units(peak) for usage, peak in sorted(peaks.items())}
    provisioned = sum(count * PROVISIONED_UNIT_HOUR[_direction(usage)] * hours for usage, count in units.items())
    shown = " and ".join(f"{count} units for {usage}" for usage, count in units.items())
    return Recommendation(
        kind="dynamodb-provisioned",
        title=f"Provision the DynamoDB tables: {shown}",
        saving_cents=_monthly_cents(spent - provisioned, days),
        spent_cents=_monthly_cents(spent, days),
        source=f"{days} days of the bill by the hour, usage types WriteRequestUnits and ReadRequestUnits; the busiest "
        f"hour's mean at {TARGET_UTILISATION_PERCENT} % utilisation; list prices of us-east-1",
        condition="scaling is on, because seconds within the busiest hour may need more than its mean",
    )


def _on_demand(evidence: Evidence, days: int) -> Recommendation | None:
    """Provisioned units at the price of requests; how many there were a bill does not say, so CloudWatch has to.

    The busiest day's units stand for every day, so the saving is no smaller than it is shown. Both directions have to
    be read: one that is not read is not one that is not used.
    """
    lines = [line for line in evidence.lines if _is_units(line, _CAPACITY_UNITS)]
    if not lines or evidence.consumed_days < DAYS_MIN or set(evidence.consumed) != set(ON_DEMAND_TEN_UNITS):
        return None
    spent = sum(line.amount_microcents for line in lines)
    daily_tenths = sum(units * ON_DEMAND_TEN_UNITS[direction] for direction, units in evidence.consumed.items())
    shown = " and ".join(f"{units:,} {direction.lower()}s" for direction, units in sorted(evidence.consumed.items()))
    return Recommendation(
        kind="dynamodb-on-demand",
        title="Let the DynamoDB tables be billed by request",
        saving_cents=_monthly_cents(spent - daily_tenths * days // 10, days),
        spent_cents=_monthly_cents(spent, days),
        source=f"{days} days of the bill, usage types WriteCapacityUnit-Hrs and ReadCapacityUnit-Hrs; AWS/DynamoDB "
        f"ConsumedWriteCapacityUnits and ConsumedReadCapacityUnits of {evidence.consumed_days} days, {shown} on the "
        "busiest; list prices of us-east-1",
        condition="every table with provisioned capacity is among those whose consumed units are read",
    )


def _log_retention(evidence: Evidence, days: int) -> Recommendation | None:
    """What is stored beyond the retention, taken as unpacked, so that the saving is no smaller than it is shown."""
    stored_microcents = _spent(evidence, lambda line: _is_log(line) and _LOG_STORAGE.search(line.usage) is not None)
    stored = sum(
        line.quantity_millionths for line in evidence.lines if _is_log(line) and _LOG_STORAGE.search(line.usage)
    )
    ingested = sum(
        line.quantity_millionths for line in evidence.lines if _is_log(line) and _LOG_INGESTION.search(line.usage)
    )
    if stored <= 0 or ingested <= 0:
        return None
    # Storage is billed in GB months: so many GB were there if it was so for a month; ingestion is in GB.
    standing = stored * MONTH_DAYS // days
    kept = ingested * evidence.retention_days // days
    saved = stored_microcents * max(0, standing - kept) // standing
    return Recommendation(
        kind="log-retention",
        title=f"Keep logs for {evidence.retention_days} days",
        saving_cents=_monthly_cents(saved, days),
        spent_cents=_monthly_cents(stored_microcents, days),
        source=f"{days} days of the bill, usage types TimedStorage-ByteHrs and DataProcessing-Bytes of CloudWatch; "
        f"{standing / MILLION:.1f} GB stored, {ingested / days / MILLION:.2f} GB a day written",
        condition="nothing that has to be kept for longer is in these logs alone",
    )


def _is_log(line: BillLine) -> bool:
    return "CloudWatch" in line.service


def _is_units(line: BillLine, kind: re.Pattern[str]) -> bool:
    return kind.search(line.usage) is not None and _INFREQUENT.search(line.usage) is None


def _direction(usage: str) -> str:
    return "Write" if usage.endswith("WriteRequestUnits") else "Read"


def _units(peak_hour_millionths: int) -> int:
    """Provisioned units for so many requests in an hour, at the target utilisation, rounded up."""
    return max(1, -(-peak_hour_millionths * 100 // (HOUR_SECONDS * TARGET_UTILISATION_PERCENT * MILLION)))


def _spent(evidence: Evidence, is_meant: Callable[[BillLine], bool]) -> int:
    return sum(line.amount_microcents for line in evidence.lines if is_meant(line))


def _monthly_cents(microcents: int, days: int) -> int:
    """Of a month of 30 days, rounded down; 0 for what would cost more."""
    return max(0, microcents) * MONTH_DAYS // days // MILLION
