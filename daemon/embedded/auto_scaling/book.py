"""Scalable targets with their policies and schedules, as Application Auto Scaling keeps them, and what follows."""

from math import ceil
from typing import Any

import msgspec

from remediation.scaling.scheduled import last_start_ms

Json = dict[str, Any]
TARGETS_MAX = 200
"""A stand-in for one machine; AWS allows some thousands of each service."""
ACTIVITIES_MAX = 500
TARGET_TRACKING = "TargetTrackingScaling"
_SCALE_IN_BELOW = 0.9
"""AWS's own alarms of target tracking take units away below 90 % of the target (its user guide, How it works)."""


class Refused(Exception):
    """Application Auto Scaling answers 400 with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Place(msgspec.Struct, frozen=True):
    """What a target is known by."""

    namespace: str
    resource: str
    dimension: str

    @property
    def named(self) -> Json:
        """As every answer names it."""
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource,
            "ScalableDimension": self.dimension,
        }


class Target(msgspec.Struct, kw_only=True):
    """One target. changed_ms: when its capacity was last moved by a policy. applied_ms: of each scheduled action."""

    place: Place
    least: int
    most: int
    made_ms: int
    suspended: Json = {}
    policies: dict[str, Json] = {}
    actions: dict[str, Json] = {}
    applied_ms: dict[str, int] = {}
    out_ms: int = 0
    in_ms: int = 0

    def due(self, now_ms: int) -> list[str]:
        """Scheduled actions whose newest moment is not applied, in the order of these; each is noted as done."""
        found: list[tuple[int, str]] = []
        for name, action in self.actions.items():
            moment_ms = last_start_ms(five_fields(action["Schedule"]), action.get("Timezone", "UTC"), now_ms)
            if moment_ms is not None and moment_ms > self.applied_ms[name]:
                self.applied_ms[name] = moment_ms
                found.append((moment_ms, name))
        return [name for _, name in sorted(found)]

    def follow(self, name: str) -> None:
        """Take over the limits of a scheduled action."""
        limits = self.actions[name]["ScalableTargetAction"]
        self.least, self.most = limits.get("MinCapacity", self.least), limits.get("MaxCapacity", self.most)
        self.most = max(self.least, self.most)

    def within(self, capacity: int) -> int:
        """The capacity, brought within the limits."""
        return min(self.most, max(self.least, capacity))

    def tracked(self, capacity: int, value: float, now_ms: int) -> int:
        """What target tracking makes of a capacity whose metric has this value; the same while a cool-down lasts."""
        for policy in self.policies.values():
            if policy["PolicyType"] != TARGET_TRACKING:
                continue
            tracking = policy["TargetTrackingScalingPolicyConfiguration"]
            aim = float(tracking["TargetValue"])
            wanted = self.within(ceil(capacity * value / aim))
            if wanted > capacity and now_ms >= self.out_ms + 1000 * int(tracking.get("ScaleOutCooldown", 300)):
                self.out_ms = now_ms
                return wanted
            is_low = value < aim * _SCALE_IN_BELOW and not tracking.get("DisableScaleIn", False)
            rested = now_ms >= max(self.out_ms, self.in_ms) + 1000 * int(tracking.get("ScaleInCooldown", 300))
            if wanted < capacity and is_low and rested:
                self.in_ms = now_ms
                return wanted
        return capacity

    def is_suspended(self, part: str) -> bool:
        """Whether this part of its scaling is: DynamicScalingIn, DynamicScalingOut or ScheduledScaling."""
        return bool(self.suspended.get(f"{part}Suspended", False))


class Book:
    """Every target and what was done, the newest activity first."""

    def __init__(self) -> None:
        self.targets: dict[Place, Target] = {}
        self.activities: list[Json] = []

    def of(self, place: Place) -> Target:
        """Raises Refused."""
        if place not in self.targets:
            raise Refused("ObjectNotFoundException", f"No scalable target registered for {place.resource}")
        return self.targets[place]

    def register(self, place: Place, asked: Json, now_ms: int) -> Target:
        """A new target, or other limits of one. Raises Refused."""
        known = self.targets.get(place)
        least = asked.get("MinCapacity", None if known is None else known.least)
        most = asked.get("MaxCapacity", None if known is None else known.most)
        if least is None or most is None:
            raise Refused("ValidationException", "A new target needs MinCapacity and MaxCapacity")
        if least > most or least < 0:
            raise Refused("ValidationException", f"MinCapacity {least} is more than MaxCapacity {most}, or below 0")
        if known is None:
            if len(self.targets) >= TARGETS_MAX:
                raise Refused("LimitExceededException", f"There are {TARGETS_MAX} targets already")
            known = self.targets[place] = Target(place=place, least=least, most=most, made_ms=now_ms)
        known.least, known.most = least, most
        known.suspended = {**known.suspended, **asked.get("SuspendedState", {})}
        return known

    def note(self, place: Place, before: int, after: int, cause: str, now_ms: int) -> None:
        """One activity that succeeded."""
        self.activities.insert(
            0,
            {
                "ActivityId": f"{len(self.activities)}-{now_ms}",
                **place.named,
                "Description": f"Setting capacity from {before} to {after}.",
                "Cause": cause,
                "StartTime": now_ms / 1000,
                "EndTime": now_ms / 1000,
                "StatusCode": "Successful",
                "StatusMessage": f"Successfully set capacity to {after}.",
            },
        )
        del self.activities[ACTIVITIES_MAX:]


def five_fields(schedule: str) -> str:
    """AWS's six fields of cron as five: the year falls away, and ``?`` is any. Raises Refused."""
    fields = schedule.removeprefix("cron(").removesuffix(")").split()
    if not schedule.startswith("cron(") or len(fields) != 6 or fields[5] != "*":  # noqa: PLR2004 - as AWS has them.
        raise Refused("ValidationException", f"{schedule!r:.100} is no cron(...) of six fields, the year open")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise Refused("ValidationException", "One of day of month and day of week must be a question mark")
    return " ".join("*" if field == "?" else field.lower() for field in fields[:5])
