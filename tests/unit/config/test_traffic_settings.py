"""What splits traffic is refused where it cannot be meant, with the value to change."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from config.delivery.traffic import RegionTraffic
from config.policy import TrafficPolicy
from config.settings import Settings

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
LISTENER = f"{ARN}listener/app/payments/50dc6c/f2f7dc"
BLUE, GREEN = f"{ARN}targetgroup/blue/1", f"{ARN}targetgroup/green/1"
BALANCER: dict[str, Any] = {"kind": "alb", "rules": [LISTENER], "groups": {"blue": BLUE, "green": GREEN}}
ALIAS: dict[str, Any] = {
    "kind": "lambda",
    "function": "payments",
    "alias": "live",
    "environments": {"blue": "blue", "green": "green"},
}
READ: TypeAdapter[Any] = TypeAdapter(RegionTraffic)


@pytest.mark.parametrize(
    "good",
    [
        {"kind": "route53", "record_name": "payments.example."},
        BALANCER,
        BALANCER | {"rules": [LISTENER.replace("listener/", "listener-rule/") + "/1a"], "sticky_for_max": "1m"},
        BALANCER | {"cohort": {"listener": LISTENER, "priority": 10}},
        ALIAS,
    ],
)
def test_each_kind_is_read(good: dict[str, Any]) -> None:
    assert READ.validate_python(good).kind == good["kind"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"kind": "nlb"}, "does not match any of the expected tags"),
        ({"kind": "route53", "record_name": "payments.example"}, "record_name"),
        (BALANCER | {"rules": []}, "rules"),
        (BALANCER | {"rules": [BLUE]}, "rules"),
        (BALANCER | {"rules": [LISTENER, LISTENER]}, "a rule is named twice"),
        (BALANCER | {"groups": {"blue": BLUE}}, "groups"),
        (BALANCER | {"groups": {"blue": BLUE, "green": BLUE}}, "two environments have one target group"),
        (BALANCER | {"groups": {"blue": BLUE, "Green": GREEN}}, "Green"),
        (BALANCER | {"cohort": {"listener": LISTENER, "priority": 0}}, "priority"),
        (
            BALANCER | {"cohort": {"listener": LISTENER, "priority": 1, "merchant_header": "X-Merchant"}},
            "merchant_header",
        ),
        (BALANCER | {"weights": {}}, "weights"),
        (ALIAS | {"environments": {"blue": "b", "green": "g", "red": "r"}}, "environments"),
        (ALIAS | {"environments": {"blue": "b", "green": "b"}}, "have to be three"),
        (ALIAS | {"environments": {"blue": "live", "green": "g"}}, "have to be three"),
        (ALIAS | {"environments": {"blue": "b", "green": "7"}}, "green"),
        (ALIAS | {"alias": "7"}, "alias"),
        (ALIAS | {"function": "pay ments"}, "function"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(bad: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        READ.validate_python(bad)


@pytest.mark.parametrize(
    ("name", "good"), [("blue", True), ("us-west-2/blue", True), ("us-west/blue", False), ("/", False), ("Blue", False)]
)
def test_a_core_is_named_by_its_environment_with_its_region_before_it(name: str, good: bool) -> None:
    cores = {name: {"url": "http://127.0.0.2:8000", "address": "127.0.0.2"}}
    if good:
        assert set(Settings.model_validate({"cores": cores}).cores) == {name}
    else:
        with pytest.raises(ValidationError):
            Settings.model_validate({"cores": cores})


def test_the_name_of_a_regions_traffic_is_the_traffics_where_there_is_one_region_alone() -> None:
    one = TrafficPolicy(record_name="pay.example.")
    assert (one.record_of("us-east-1"), one.target_of("us-east-1")) == ("pay.example.", "dns:pay.example")
    rooms = {region: {"payments_per_second": 1.0} for region in ("us-east-1", "us-west-2")}
    two = TrafficPolicy.model_validate({"record_name": "pay.example.", "regions": rooms})
    assert (two.record_of("us-west-2"), two.target_of("us-west-2")) == (
        "us-west-2.pay.example.",
        "dns:us-west-2.pay.example",
    )
    assert two.target_between == "dns:pay.example"
