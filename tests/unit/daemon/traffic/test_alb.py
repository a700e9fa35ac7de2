"""A load balancer's listeners are changed one after the other, and what lies between is never taken for done."""

from typing import Any

import pytest

from config.delivery.traffic import LoadBalancerGroups
from config.policy import TrafficPolicy
from daemon.errors import AwsFailed
from daemon.traffic.alb import LoadBalancerTraffic
from remediation.actions.reversal import Reversal
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.errors import UnsafeWeights, WorldRefused, WorldUnreachable
from remediation.ports import DestinationHealth, Disagreement
from tests.contract.traffic.simulated import SimulatedLoadBalancer
from tests.contract.traffic.worlds import ARN, Faulty, forward

PLAIN = f"{ARN}listener-rule/app/payments/1/80/1"
SECURE = f"{ARN}listener-rule/app/payments/1/443/1"
BLUE, GREEN, RED = (f"{ARN}targetgroup/{name}/1" for name in ("blue", "green", "red"))
ROLLBACK = {"from_environment": "green", "to_environment": "blue"}


class Alive:
    """A destination that is well."""

    async def health(self, environment: str) -> DestinationHealth:
        """See Destination."""
        return DestinationHealth(healthy=True, detail=environment)


def balancer(plain: dict[str, int], secure: dict[str, int]) -> tuple[SimulatedLoadBalancer, Faulty]:
    simulated = SimulatedLoadBalancer()
    simulated.groups = {BLUE, GREEN, RED}
    simulated.actions = {PLAIN: forward(plain), SECURE: forward(secure)}
    return simulated, Faulty(simulated)


def traffic(aws: Faulty, **changes: object) -> LoadBalancerTraffic:
    settings: dict[str, Any] = {"kind": "alb", "rules": (PLAIN, SECURE), "groups": {"blue": BLUE, "green": GREEN}}
    return LoadBalancerTraffic(aws, LoadBalancerGroups(**(settings | changes)))


async def test_listeners_are_changed_in_their_order_with_one_call_each() -> None:
    _, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 100, GREEN: 0})
    split = traffic(aws)
    await split.write({"blue": 75, "green": 25}, "key")
    assert aws.asked.count("modify_rule") == 2
    assert await split.read() == {"blue": 75, "green": 25}


async def test_a_change_that_reached_one_listener_is_not_taken_for_done_and_goes_on_from_there() -> None:
    simulated, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 100, GREEN: 0})
    split = traffic(aws)
    simulated_calls: list[str] = []
    aws.faults["modify_rule"] = []
    first_done = Faulty(aws)
    first_done.after["modify_rule"] = [AwsFailed("no answer")]
    with pytest.raises(WorldUnreachable):
        await traffic(first_done).write({"blue": 0, "green": 100}, "key")
    assert await split.read() == {"blue": 100, "green": 100}, "each listener's shares, added up: 200 is no split of 100"
    assert [simulated.actions[arn][0]["ForwardConfig"]["TargetGroups"][1]["Weight"] for arn in (PLAIN, SECURE)] == [
        100,
        0,
    ]
    aws.asked = simulated_calls
    await split.write({"blue": 0, "green": 100}, "key")
    assert simulated_calls.count("modify_rule") == 1, "the first listener is as wanted and is not sent again"
    assert await split.read() == {"blue": 0, "green": 100}


async def test_a_half_done_shift_can_be_rolled_back() -> None:
    _, aws = balancer({BLUE: 50, GREEN: 50}, {BLUE: 75, GREEN: 25})
    action = RollbackTraffic(traffic(aws), Alive(), TrafficPolicy())
    assert not (await action.verify(ROLLBACK)).in_effect
    assert not (await action.preflight(ROLLBACK)).refusal
    await action.apply(ROLLBACK, "key")
    assert (await action.verify(ROLLBACK)).in_effect


async def test_what_listeners_that_disagree_add_up_to_is_not_kept_and_never_restored() -> None:
    _, aws = balancer({BLUE: 95, GREEN: 5}, {BLUE: 75, GREEN: 25})
    split = traffic(aws)
    assert isinstance(await split.read(), Disagreement)
    action = RollbackTraffic(split, Alive(), TrafficPolicy())
    found = await action.preflight(ROLLBACK)
    assert (found.refusal, found.before) == ("", {})
    await action.apply(ROLLBACK, "key")
    undo = await Reversal(action, found.before).preflight(ROLLBACK)
    assert "no state that can be restored" in undo.refusal
    assert await split.read() == {"blue": 100, "green": 0}


async def test_what_listeners_that_agree_show_is_kept_and_restored() -> None:
    _, aws = balancer({BLUE: 95, GREEN: 5}, {BLUE: 95, GREEN: 5})
    split = traffic(aws)
    assert not isinstance(await split.read(), Disagreement)
    action = RollbackTraffic(split, Alive(), TrafficPolicy())
    found = await action.preflight(ROLLBACK)
    await action.apply(ROLLBACK, "key")
    undo = Reversal(action, found.before)
    assert not (await undo.preflight(ROLLBACK)).refusal
    await undo.apply(ROLLBACK, "undo")
    assert (await undo.verify(ROLLBACK)).in_effect
    assert await split.read() == {"blue": 95, "green": 5}


async def test_one_listener_without_any_weight_is_not_hidden_by_the_other() -> None:
    _, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 0, GREEN: 0})
    action = RollbackTraffic(traffic(aws), Alive(), TrafficPolicy())
    assert not (await action.verify(ROLLBACK)).in_effect
    await action.apply(ROLLBACK, "key")
    assert await traffic(aws).read() == {"blue": 100, "green": 0}


async def test_weights_of_zero_everywhere_are_seen_and_never_written() -> None:
    _, aws = balancer({BLUE: 0, GREEN: 0}, {BLUE: 0, GREEN: 0})
    assert await traffic(aws).read() == {"blue": 0, "green": 0}
    with pytest.raises(UnsafeWeights):
        await traffic(aws).write({"blue": 0, "green": 0}, "key")


async def test_a_stranger_on_the_last_listener_keeps_the_first_from_being_changed() -> None:
    _, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 90, GREEN: 10, RED: 50})
    assert RED in await traffic(aws).read()
    with pytest.raises(UnsafeWeights):
        await traffic(aws).write({"blue": 50, "green": 50}, "key")
    assert "modify_rule" not in aws.asked


@pytest.mark.parametrize(("seconds", "refused"), [(60, False), (61, True)])
async def test_stickiness_is_waited_for_as_long_as_allowed_and_refused_beyond(seconds: int, refused: bool) -> None:
    simulated, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 100, GREEN: 0})
    sticky = {"Enabled": True, "DurationSeconds": seconds}
    simulated.actions[SECURE][0]["ForwardConfig"]["TargetGroupStickinessConfig"] = sticky
    split = traffic(aws, sticky_for_max=60.0)
    assert await split.settles_in_seconds() == seconds
    if refused:
        with pytest.raises(WorldRefused, match="61 s, 60 s are allowed"):
            await split.write({"blue": 50, "green": 50}, "key")
    else:
        await split.write({"blue": 50, "green": 50}, "key")
        kept = simulated.actions[SECURE][0]["ForwardConfig"]["TargetGroupStickinessConfig"]
        assert kept == sticky, "a shift changes the weights and nothing else"


async def test_a_rule_of_one_group_is_read_as_such_and_what_comes_before_its_forward_stays() -> None:
    simulated, aws = balancer({BLUE: 100, GREEN: 0}, {BLUE: 100, GREEN: 0})
    sign_in = {"Type": "authenticate-oidc", "Order": 1}
    simulated.actions[PLAIN] = [sign_in, *forward({BLUE: 100, GREEN: 0})]
    await traffic(aws).write({"blue": 75, "green": 25}, "key")
    assert simulated.actions[PLAIN][0] == sign_in
    simulated.actions[PLAIN] = [{"Type": "forward", "TargetGroupArn": BLUE}]
    assert await traffic(aws, rules=(PLAIN,)).read() == {"blue": 1}


@pytest.mark.parametrize("actions", [[], [{"Type": "redirect"}]])
async def test_a_rule_that_forwards_nothing_is_refused(actions: list[dict[str, Any]]) -> None:
    simulated, aws = balancer({BLUE: 1}, {BLUE: 1})
    simulated.actions[PLAIN] = actions
    with pytest.raises(WorldRefused, match="does not forward"):
        await traffic(aws).read()
