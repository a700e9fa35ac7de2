"""The Cost Explorer adapter reads every page, counts its calls, and never takes another currency for dollars."""

from typing import Any

import pytest

from daemon.aws.cost_explorer import PAGES_MAX, CostExplorer
from daemon.errors import AwsFailed, Untranslatable


class FakeAnswers:
    """Answers one after the other, the last again and again; raises what is an exception."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        self.calls.append((operation, arguments))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(amount: str = "0.0123456789", unit: str = "USD", **more: object) -> dict[str, Any]:
    metrics = {
        "UnblendedCost": {"Amount": amount, "Unit": unit},
        "UsageQuantity": {"Amount": "12.5", "Unit": "N/A"},
    }
    group = {"Keys": ["Amazon Simple Queue Service", "Requests-Tier1"], "Metrics": metrics}
    period = {"Start": "2026-11-03", "End": "2026-11-04"}
    return {"ResultsByTime": [{"TimePeriod": period, "Groups": [group], "Estimated": True}], **more}


async def test_every_page_is_read_exactly_and_counted() -> None:
    answers = FakeAnswers(page(NextPageToken="t"), page("2"))
    answer = await CostExplorer(answers).daily("2026-11-01", "2026-11-10")
    assert [one.amount_microcents for one in answer.lines] == [1_234_568, 200_000_000]
    assert (answer.lines[0].day, answer.lines[0].usage) == ("2026-11-03", "Requests-Tier1")
    assert answer.lines[0].quantity_millionths == 12_500_000
    assert answer.calls == 2
    assert answers.calls[1][1]["NextPageToken"] == "t"
    assert answers.calls[0][1]["TimePeriod"] == {"Start": "2026-11-01", "End": "2026-11-10"}


async def test_another_currency_is_refused() -> None:
    with pytest.raises(Untranslatable, match="EUR"):
        await CostExplorer(FakeAnswers(page(unit="EUR"))).daily("2026-11-01", "2026-11-02")


async def test_pages_without_end_cost_no_more_than_their_limit() -> None:
    answers = FakeAnswers(page(NextPageToken="again"))
    with pytest.raises(AwsFailed, match="did not end"):
        await CostExplorer(answers).daily("2026-11-01", "2026-11-02")
    assert len(answers.calls) == PAGES_MAX


async def test_a_forecast_is_read_and_too_little_history_is_none() -> None:
    known = FakeAnswers({"Total": {"Amount": "70.84", "Unit": "USD"}})
    assert (await CostExplorer(known).forecast("a", "b")).amount_microcents == 7_084_000_000
    none = FakeAnswers(AwsFailed("too little", code="DataUnavailableException", retryable=False))
    assert (await CostExplorer(none).forecast("a", "b")).amount_microcents is None
    with pytest.raises(AwsFailed):
        await CostExplorer(FakeAnswers(AwsFailed("no", code="AccessDenied"))).forecast("a", "b")
