"""Keeps at Application Auto Scaling what scaling.yaml says of a component: limits, policies and schedule."""

from typing import Any

import msgspec
import structlog

from config.scaling import EcsService, LambdaFunction, ScaledComponent, ScheduleEntry
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.scaling.kinds.managed import ManagedTarget
from remediation.errors import RemediationError
from remediation.ports import Clock
from remediation.scaling.costs import standing
from remediation.scaling.model import Component
from remediation.scaling.peaks import ceiling

log = structlog.get_logger()

PREFIX = "tillwatch-"
"""Policies and actions of this name are ours: what is configured no more is taken away, and no others are touched."""
LOOK_MS = 300_000
"""Drift is seen within five minutes; each look is three calls."""
_METRICS = {
    "ecs:service:DesiredCount": "ECSServiceAverageCPUUtilization",
    "lambda:function:ProvisionedConcurrency": "LambdaProvisionedConcurrencyUtilization",
    "dynamodb:table:ReadCapacityUnits": "DynamoDBReadCapacityUtilization",
    "dynamodb:table:WriteCapacityUnits": "DynamoDBWriteCapacityUtilization",
}
_ANY_DAY = "?"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be at Application Auto Scaling. policies, schedule: by name, as they are put there."""

    policies: dict[str, dict[str, Any]]
    schedule: dict[str, dict[str, Any]]


class AutoScaling:
    """One component's target. drift: what differed at the last look, in words; empty when nothing did.

    Raises nothing: what cannot be read or put is told as drift, and tried again at the next look.
    """

    def __init__(self, component: Component, target: ManagedTarget, scaling: Aws, clock: Clock) -> None:
        self.component = component
        self._target = target
        self._aws = scaling
        self._clock = clock
        self._looked_at_ms = 0
        self.drift: tuple[str, ...] = ()

    def follow(self, scaled: ScaledComponent) -> None:
        """Keep this there from the next look on, which is at once."""
        self.component, self._looked_at_ms = Component(self.component.name, scaled), 0

    async def keep(self, *, act: bool) -> None:
        """Look whether all is as configured, now and then; put what is not. act: false only looks."""
        now_ms = self._clock.now_ms()
        if now_ms - self._looked_at_ms < LOOK_MS:
            return
        self._looked_at_ms = now_ms
        try:
            self.drift = tuple(await self._put_right(act=act))
        except RemediationError as fault:
            self.drift = (f"not looked at: {fault}",)
        if self.drift:
            log.warning("not as configured", action="scaling_drift", component=self.component.name, drift=self.drift)

    async def _put_right(self, *, act: bool) -> list[str]:
        wanted = kept_of(self.component, self._target.dimension)
        drift = await self._limits(act=act)
        drift += await self._named("policy", wanted.policies, act=act)
        drift += await self._named("schedule", wanted.schedule, act=act)
        return drift

    async def _limits(self, *, act: bool) -> list[str]:
        """The most is what max and cap allow; the least is what was decided last, never below the configuration's."""
        now_ms = self._clock.now_ms()
        least, most = self.component.scaled.min, standing(self.component, ceiling(self.component, now_ms), now_ms)
        found = await self._target.limits()
        right = (max(least, found[0]), max(most, found[0])) if found is not None else (least, most)
        if found == right:
            return []
        if act:
            await self._target.register(*right)
        said = "is not registered" if found is None else f"is between {found[0]} and {found[1]}"
        return [f"{self._target.resource} {said}, not between {right[0]} and {right[1]}"]

    async def _named(self, what: str, wanted: dict[str, dict[str, Any]], *, act: bool) -> list[str]:
        there = await self._there(what)
        drift = []
        for name, one in wanted.items():
            if _differs(one, there.get(name)):
                drift.append(f"{what} {name} {'is missing' if name not in there else 'is another one'}")
                if act:
                    await ask(self._aws, _PUT[what], **self._target.named, **one)
        for name in there.keys() - wanted.keys():
            drift.append(f"{what} {name} is configured no more")
            if act:
                key = "PolicyName" if what == "policy" else "ScheduledActionName"
                await ask(self._aws, _DELETE[what], **self._target.named, **{key: name})
        return drift

    async def _there(self, what: str) -> dict[str, dict[str, Any]]:
        """Ours, by name."""
        answer = await ask(self._aws, _DESCRIBE[what], **self._target.named)
        key = "PolicyName" if what == "policy" else "ScheduledActionName"
        rows = answer.get("ScalingPolicies" if what == "policy" else "ScheduledActions", [])
        return {str(one[key]): one for one in rows if str(one[key]).startswith(PREFIX)}


_PUT = {"policy": "put_scaling_policy", "schedule": "put_scheduled_action"}
_DELETE = {"policy": "delete_scaling_policy", "schedule": "delete_scheduled_action"}
_DESCRIBE = {"policy": "describe_scaling_policies", "schedule": "describe_scheduled_actions"}


def kept_of(component: Component, dimension: str) -> Kept:
    """What the component's configuration comes to at Application Auto Scaling.

    Its steps stay with the daemon, which sees more than one metric; so do entries with ``desired``, which is no limit.
    """
    scaled = component.scaled
    cool_down = {}
    if isinstance(scaled, EcsService):
        cool_down = {
            "ScaleOutCooldown": round(scaled.cool_down.scale_out),
            "ScaleInCooldown": round(scaled.cool_down.scale_in),
        }
    share = scaled.target_percent / 100 if isinstance(scaled, LambdaFunction) else float(scaled.target_percent)
    name = f"{PREFIX}{component.name}-target"
    policy = {
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": share,
            "PredefinedMetricSpecification": {"PredefinedMetricType": _METRICS[dimension]},
            **cool_down,
        },
    }
    entries = [one for one in enumerate(scaled.schedule) if one[1].min is not None]
    actions = [_action(component, number, entry) for number, entry in entries]
    return Kept(
        policies={name: policy},
        schedule={str(one["ScheduledActionName"]): one for one in actions},
    )


def aws_cron(expression: str) -> str:
    """The five fields as AWS writes them: six, the weekday or the day of the month left open."""
    minute, hour, day, month, weekday = expression.split()
    days = (_ANY_DAY, weekday.upper()) if weekday != "*" else (day, _ANY_DAY)
    return f"cron({minute} {hour} {days[0]} {month.upper()} {days[1]} *)"


def _action(component: Component, number: int, entry: ScheduleEntry) -> dict[str, Any]:
    return {
        "ScheduledActionName": f"{PREFIX}{component.name}-{number}",
        "Schedule": aws_cron(entry.cron),
        "Timezone": entry.zone,
        "ScalableTargetAction": {"MinCapacity": entry.min},
    }


def _differs(wanted: dict[str, Any], there: dict[str, Any] | None) -> bool:
    """Whether anything that is wanted is not so; what AWS adds by itself is no difference."""
    if there is None:
        return True
    for name, value in wanted.items():
        found = there.get(name)
        if isinstance(value, dict):
            if not isinstance(found, dict) or _differs(value, found):
                return True
        elif found != value:
            return True
    return False
