"""The Cost Explorer adapter reads every page, counts its calls, and never takes another currency for dollars."""

from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from daemon.aws.cost_explorer import PAGES_MAX, CostExplorer
from daemon.errors import AwsFailed, Untranslatable

OPERATIONS = {"get_cost_and_usage": "GetCostAndUsage", "get_cost_forecast": "GetCostForecast"}


@cache
def model() -> ServiceModel:
    """What AWS publishes of the service, as botocore ships it."""
    return ServiceModel(Loader().load_service_model("ce", "service-2"), "ce")


def unknown_to_aws(said: dict[str, Any], shape: Any) -> str:  # noqa: ANN401  # botocore publishes no types
    """What of a request or an answer does not fit its shape; empty when all of it does."""
    unknown = sorted(set(said) - set(shape.members))
    return f"{unknown} {ParamValidator().validate(said, shape).generate_report()}".removeprefix("[] ")


class FakeAnswers:
    """Answers one after the other, the last again and again; raises what is an exception.

    No emulator here keeps costs: ministack has no Cost Explorer, moto repeats what it was given. So what AWS would
    not take, or would not answer, by the service's published model fails the test.
    """

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        self.calls.append((operation, arguments))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        described = model().operation_model(OPERATIONS[operation])
        assert unknown_to_aws(arguments, described.input_shape) == ""
        if isinstance(answer, Exception):
            raise answer
        assert unknown_to_aws(answer, described.output_shape) == ""
        return answer


def page(amount: str = "0.0123456789", unit: str = "USD", **more: object) -> dict[str, Any]:
    metrics = {
        "UnblendedCost": {"Amount": amount, "Unit": unit},
        "UsageQuantity": {"Amount": "12.5", "Unit": "N/A"},
    }
    group = {"Keys": ["Amazon Simple Queue Service", "Requests-Tier1"], "Metrics": metrics}
    period = {"Start": "2026-11-03", "End": "2026-11-04"}
    return {"ResultsByTime": [{"TimePeriod": period, "Groups": [group], "Estimated": True}], **more}


def test_what_aws_does_not_know_is_seen() -> None:
    described = model().operation_model("GetCostAndUsage")
    assert "Granularity" in unknown_to_aws(
        {"TimePeriod": {"Start": "a", "End": "b"}, "Metrics": []}, described.input_shape
    )
    assert "Groupe" in unknown_to_aws({"Groupe": []}, described.output_shape)
    errors = {shape.name for shape in model().operation_model("GetCostForecast").error_shapes}
    assert "DataUnavailableException" in errors


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
    assert (await CostExplorer(known).forecast("2026-11-10", "2026-12-01")).amount_microcents == 7_084_000_000
    none = FakeAnswers(AwsFailed("too little", code="DataUnavailableException", retryable=False))
    assert (await CostExplorer(none).forecast("2026-11-10", "2026-12-01")).amount_microcents is None
    with pytest.raises(AwsFailed):
        await CostExplorer(FakeAnswers(AwsFailed("no", code="AccessDenied"))).forecast("2026-11-10", "2026-12-01")
