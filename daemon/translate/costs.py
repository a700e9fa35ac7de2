"""Costs: what Cost Anomaly Detection finds, and what AWS Budgets writes to an SNS topic."""

import re
from decimal import Decimal

import msgspec

from checks.facts import CostLine, Fact
from daemon.errors import Untranslatable
from daemon.translate.envelope import Envelope, cut, milliseconds
from daemon.translate.money import microcents, microcents_from_dollars


class _AnomalyImpact(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    total_impact: Decimal
    total_actual_spend: Decimal | None = None
    total_expected_spend: Decimal | None = None


class AnomalyDetail(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``detail`` of Anomaly Detected (AWS Cost Management User Guide, EventBridge with Cost Anomaly Detection)."""

    anomaly_id: str
    impact: _AnomalyImpact
    dimension_value: str = ""


_BUDGET_LINE = re.compile(r"^([A-Za-z ]{1,40}): (.{1,512})$", re.MULTILINE)
_BUDGET_ACCOUNT = re.compile(r"^AWS Account (\d{12})$", re.MULTILINE)
_BUDGET_HEAD = "AWS Budget Notification"


def anomaly_facts(event: Envelope[AnomalyDetail]) -> list[Fact]:
    """One fact: what was spent against what was expected; the impact alone when the two are not told."""
    detail, impact = event.detail, event.detail.impact
    actual, expected = impact.total_actual_spend, impact.total_expected_spend
    return [
        CostLine(
            id=event.id,
            at_ms=milliseconds(event.time, "time"),
            subject=detail.dimension_value if detail.dimension_value else detail.anomaly_id,
            region=event.region,
            source="anomaly",
            amount_microcents=microcents(
                impact.total_impact if actual is None else actual, "detail.impact.totalActualSpend"
            ),
            expected_microcents=0
            if actual is None or expected is None
            else microcents(expected, "detail.impact.totalExpectedSpend"),
            account_id=event.account,
        )
    ]


def is_budget_notice(text: str) -> bool:
    """Whether a text is one that AWS Budgets sends."""
    return text.startswith(_BUDGET_HEAD)


def budget_notice_facts(text: str, message_id: str, at_ms: int, region: str) -> list[Fact]:
    """One fact from the notification text of a cost budget; none for one that counts usage, not money.

    The text is the one documented for SNS: ``Budget Name``, ``Budget Type``, ``Budgeted Amount``, ``Alert Type`` and
    ``ACTUAL Amount`` or ``FORECASTED Amount``, one to a line.
    """
    lines = {name.strip(): value.strip() for name, value in _BUDGET_LINE.findall(text.replace("\r\n", "\n"))}
    if lines.get("Budget Type", "Cost") != "Cost":
        return []
    kind = lines.get("Alert Type", "ACTUAL")
    wanted = ("Budget Name", "Budgeted Amount", f"{kind} Amount")
    missing = [name for name in wanted if name not in lines]
    if missing:
        raise Untranslatable(f"The budget notification has no line {missing[0]!r}.")
    account = _BUDGET_ACCOUNT.search(text)
    return [
        CostLine(
            id=message_id,
            at_ms=at_ms,
            subject=cut(lines["Budget Name"]),
            region=region,
            source="budget",
            amount_microcents=microcents_from_dollars(lines[wanted[2]], wanted[2]),
            expected_microcents=microcents_from_dollars(lines["Budgeted Amount"], "Budgeted Amount"),
            account_id="" if account is None else account.group(1),
        )
    ]
