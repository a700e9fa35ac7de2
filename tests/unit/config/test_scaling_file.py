"""What cannot work together in scaling.yaml is refused at the value to change; what was promised is whole numbers."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.load import load_configuration
from config.scaling import EcsService, LambdaFunction, Savings, Scaling
from config.whole.difference import difference

SERVICE: dict[str, Any] = {
    "kind": "ecs_service",
    "region": "us-east-1",
    "cluster": "a",
    "service": "b",
    "min": 2,
    "max": 12,
    "unit": {"hour_microdollars": 39_500, "source": "a test"},
    "hourly_cap_cents": 48,
}
FUNCTION: dict[str, Any] = {
    "kind": "lambda_function",
    "region": "us-east-1",
    "function": "jobs",
    "max": 5,
    "unit": {"hour_microdollars": 0, "source": "a test"},
    "hourly_cap_cents": 1,
}
PEAK = {"name": "sale", "starts": "2026-11-27T00:00", "ends": "2026-11-28T00:00", "zone": "UTC", "min": 10}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"max": 1}, "max is 1, less than min with 2"),
        ({"schedule": [{"cron": "0 7 * * *", "zone": "UTC", "min": 1}]}, "min is 1, not between min and max, 2 and 12"),
        ({"schedule": [{"cron": "0 7 * * *", "zone": "UTC", "desired": 13}]}, "desired is 13, not between"),
        ({"signals": ["queue_age"]}, "queue_age is a signal without a limit"),
        ({"signals": ["concurrency"]}, "concurrency is a signal, and nothing says how much a unit carries"),
        (
            {"steps": [{"above_percent": 90, "add_percent": 10}, {"above_percent": 80, "add_percent": 20}]},
            "not in rising order",
        ),
        ({"cool_down": {"scale_out": 60.0, "scale_in": 30.0}}, "scale_in is 30s, shorter than scale_out with 60s"),
        ({"emergency": {"max": 20, "hourly_cap_cents": 40}}, "40 cents, less than the usual one"),
        ({"peaks": [{**PEAK, "min": 13}]}, "min of the plan sale is 13, not between 2 and 12"),
        ({"peaks": [{**PEAK, "min": 12, "hourly_cap_cents": 40}]}, "cost 48 cents an hour, more than the cap of 40"),
        ({"peaks": [PEAK, PEAK]}, "the plan sale stands here a second time"),
        ({"peaks": [{**PEAK, "ends": "2026-11-27T00:00"}]}, "not later than its start"),
        ({"spill": {"to": "us-east-1"}}, "it would spill into its own region"),
    ],
)
def test_a_component_whose_parts_do_not_fit_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EcsService.model_validate({**SERVICE, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"concurrency": "provisioned"}, "provisioned concurrency has no alias"),
        ({"alias": "live"}, "reserved concurrency is of the whole function"),
        ({"application_auto_scaling": True}, "knows no reserved concurrency"),
    ],
)
def test_the_concurrency_of_a_function_is_of_an_alias_or_of_the_whole(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LambdaFunction.model_validate({**FUNCTION, **changed})
    assert LambdaFunction.model_validate({**FUNCTION, "concurrency": "provisioned", "alias": "live"}).alias == "live"


def test_the_cap_of_all_components_pays_for_the_min_of_each() -> None:
    both = {"a": SERVICE, "b": {**SERVICE, "min": 4}}
    with pytest.raises(ValidationError, match="cost 24 cents an hour at their min, more than 23"):
        Scaling.model_validate({"components": both, "hourly_cap_cents": 23})
    assert Scaling.model_validate({"components": both, "hourly_cap_cents": 24}).hourly_cap_cents == 24


def test_a_reading_is_not_stale_before_the_next_look() -> None:
    with pytest.raises(ValidationError, match="every reading would be stale"):
        Scaling(every=60.0, stale=30.0)


@given(volume_cents=st.integers(0, 10**12), percent=st.integers(0, 99), part=st.integers(1, 100))
def test_what_savings_leave_for_capacity_is_rounded_down_to_a_whole_millionth_of_a_dollar(
    volume_cents: int, percent: int, part: int
) -> None:
    savings = Savings(baseline_cents_per_100=345, percent=percent, capacity_percent=part)
    allowed = savings.allowed_microdollars(volume_cents)
    # $3.45 of $100 are 345 of 10,000 cents; a cent is 10,000 millionths of a dollar.
    exact_times_10_000 = volume_cents * 345 * (100 - percent) * part
    assert allowed * 10_000 <= exact_times_10_000 < (allowed + 1) * 10_000


def test_another_cap_is_told_and_needs_no_restart(tmp_path: Path) -> None:
    packaged = load_configuration(None, {})
    text = (Path(__file__).parents[3] / "config" / "defaults" / "scaling.yaml").read_text(encoding="utf-8")
    (tmp_path / "scaling.yaml").write_text(text.replace("hourly_cap_cents: 48", "hourly_cap_cents: 47"), "utf-8")
    found = difference(packaged, load_configuration(tmp_path, {}))
    assert [str(change) for change in found.scaling] == ["scaling.components.core.hourly_cap_cents: 48 -> 47"]
    assert (found.reloads, found.restart) == (True, ())
