"""The traffic split as weighted target groups of an Application Load Balancer's listeners or rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.delivery.traffic import LoadBalancerGroups
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.traffic.weights import percent_of, require_sound
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Disagreement

LARGEST_WEIGHT = 999


@dataclass(frozen=True, slots=True)
class _Forward:
    """One listener or rule. actions: all of it, of which the last forwards. weights: by ARN of a target group."""

    arn: str
    actions: list[dict[str, Any]]
    weights: dict[str, int]
    sticky_seconds: float


class LoadBalancerTraffic:
    """The Traffic port over the forward actions of one or more listeners or rules, which are meant to be alike.

    Where they are not, because a change reached only some of them, ``read`` is a Disagreement of their shares of 100:
    it equals no split of 100 that anybody wants, so nothing is taken for done or restored, and the next write brings
    them together again.
    A target group that is no environment's is read under its ARN, so that whoever compares sees it.
    """

    def __init__(self, aws: Aws, settings: LoadBalancerGroups) -> None:
        self._aws = aws
        self._rules = settings.rules
        self._groups = dict(settings.groups)
        self._environments = {arn: environment for environment, arn in settings.groups.items()}
        self._sticky_for_max = settings.sticky_for_max

    async def read(self) -> dict[str, int]:
        """See Traffic."""
        splits = [self._named(forward) for forward in await self._forwards()]
        if all(split == splits[0] for split in splits):
            return splits[0]
        shares = [percent_of(split) for split in splits]
        names = sorted({name for share in shares for name in share})
        return Disagreement({name: sum(round(share.get(name, 0)) for share in shares) for name in names})

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """See Traffic: one call for each listener or rule, in their order; those that are as wanted are passed over.

        Nothing is sent before all of them have been read and found sound. When a call fails the ones before it stay as
        wanted, the ones after it as they were, and the same write goes on from there.
        """
        del key  # ELBv2 takes none; the change is absolute.
        forwards = await self._forwards()
        for forward in forwards:
            require_sound(forward.arn, weights, self._named(forward), LARGEST_WEIGHT)
            self._require_free(forward)
        wanted = {self._groups[environment]: weight for environment, weight in weights.items()}
        for forward in forwards:
            if forward.weights != wanted:
                await self._modify(forward, wanted)
        if any(forward.weights != wanted for forward in await self._forwards()):
            raise WorldUnreachable("The load balancer took the new weights and does not show them yet.")

    async def settles_in_seconds(self) -> float:
        """See Traffic: as long as the longest sticky session; without one the next request goes by the new weights."""
        return max(forward.sticky_seconds for forward in await self._forwards())

    def _named(self, forward: _Forward) -> dict[str, int]:
        return {self._environments.get(arn, arn): weight for arn, weight in forward.weights.items()}

    def _require_free(self, forward: _Forward) -> None:
        if forward.sticky_seconds > self._sticky_for_max:
            raise WorldRefused(
                f"{forward.arn} keeps clients on their group for {forward.sticky_seconds:g} s, "
                f"{self._sticky_for_max:g} s are allowed (sticky_for_max); shorten or end its stickiness."
            )

    async def _forwards(self) -> list[_Forward]:
        return [await self._forward(arn) for arn in self._rules]

    async def _forward(self, arn: str) -> _Forward:
        if _is_rule(arn):
            found = (await ask(self._aws, "describe_rules", RuleArns=[arn]))["Rules"]
            actions = found[0]["Actions"] if found else []
        else:
            found = (await ask(self._aws, "describe_listeners", ListenerArns=[arn]))["Listeners"]
            actions = found[0]["DefaultActions"] if found else []
        if not actions or actions[-1].get("Type") != "forward":
            raise WorldRefused(f"{arn} does not forward to target groups.")
        return _forward(arn, actions)

    async def _modify(self, forward: _Forward, wanted: Mapping[str, int]) -> None:
        last = forward.actions[-1]
        config = {
            **last.get("ForwardConfig", {}),
            "TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in wanted.items()],
        }
        # Beside a ForwardConfig of several groups AWS takes no TargetGroupArn.
        changed = {name: value for name, value in last.items() if name != "TargetGroupArn"} | {"ForwardConfig": config}
        actions = [*forward.actions[:-1], changed]
        if _is_rule(forward.arn):
            await ask(self._aws, "modify_rule", RuleArn=forward.arn, Actions=actions)
        else:
            await ask(self._aws, "modify_listener", ListenerArn=forward.arn, DefaultActions=actions)


def _is_rule(arn: str) -> bool:
    return ":listener-rule/" in arn


def _forward(arn: str, actions: list[dict[str, Any]]) -> _Forward:
    last = actions[-1]
    config = last.get("ForwardConfig", {})
    # A rule with a single group may be told of without weights.
    groups = config.get("TargetGroups", [{"TargetGroupArn": last.get("TargetGroupArn", ""), "Weight": 1}])
    sticky = config.get("TargetGroupStickinessConfig", {})
    return _Forward(
        arn=arn,
        actions=actions,
        weights={str(group["TargetGroupArn"]): int(group.get("Weight", 1)) for group in groups},
        sticky_seconds=float(sticky.get("DurationSeconds", 0)) if sticky.get("Enabled", False) else 0.0,
    )
