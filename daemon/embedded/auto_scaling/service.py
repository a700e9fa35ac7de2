"""Answers the calls of Application Auto Scaling, and moves capacity as its targets, policies and schedules say."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.calendars.cron import CronUnusable
from daemon.embedded.auto_scaling.book import Book, Json, Place, Refused, Target, five_fields
from daemon.errors import DaemonError
from daemon.http.body import BodyTooLarge, read_body
from remediation.errors import RemediationError
from remediation.ports import Clock

log = structlog.get_logger()

PREFIX = "AnyScaleFrontendService."
BODY_BYTES_MAX = 65_536
CONTENT_TYPE = "application/x-amz-json-1.1"
_ARN = "arn:aws:application-autoscaling:us-east-1:000000000000"


class World(Protocol):
    """What is scaled. Raises WorldUnreachable, WorldRefused or AwsFailed."""

    async def capacity(self, place: Place) -> int:
        """What it has."""

    async def move(self, place: Place, capacity: int) -> None:
        """Let it have so much."""

    async def value(self, place: Place, policy: Json) -> float | None:
        """The metric that the policy tracks, as it is now; None when there is none."""


class AutoScalingStandIn:
    """The operations, and ``tick``, which does what AWS does by itself. What cannot be moved is tried again."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.book = Book()
        self._world = world
        self._clock = clock
        self._operations: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._targets,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingPolicies": self._policies,
            "PutScheduledAction": self._put_action,
            "DeleteScheduledAction": self._delete_action,
            "DescribeScheduledActions": self._actions,
            "DescribeScalingActivities": self._activities,
        }

    def app(self) -> Starlette:
        """Its one route."""
        return Starlette(routes=[Route("/", self._serve, methods=["POST"])])

    async def tick(self) -> None:
        """Apply what the clock and the metrics ask for."""
        for target in list(self.book.targets.values()):
            try:
                await self._look(target)
            except (DaemonError, RemediationError) as fault:
                log.warning(
                    "not scaled", action="stand_in_not_scaled", resource=target.place.resource, fault=str(fault)
                )

    async def answer(self, operation: str, asked: Json) -> Json:
        """Do one call. Raises Refused."""
        work = self._operations.get(operation)
        if work is None:
            raise Refused("UnknownOperationException", f"{operation!r:.60} is not an operation of this stand-in")
        return await work(asked)

    async def _look(self, target: Target) -> None:
        now_ms = self._clock.now_ms()
        for name in [] if target.is_suspended("ScheduledScaling") else target.due(now_ms):
            target.follow(name)
            await self._keep_within(target, f"scheduled action name {name} was triggered")
        capacity = await self._world.capacity(target.place)
        for policy in target.policies.values():
            value = await self._world.value(target.place, policy)
            wanted = capacity if value is None else target.tracked(capacity, value, now_ms)
            part = "DynamicScalingOut" if wanted > capacity else "DynamicScalingIn"
            if wanted != capacity and not target.is_suspended(part):
                await self._move(target.place, capacity, wanted, f"policy name {policy['PolicyName']} was triggered")
                capacity = wanted

    async def _keep_within(self, target: Target, cause: str) -> None:
        capacity = await self._world.capacity(target.place)
        if target.within(capacity) != capacity:
            await self._move(target.place, capacity, target.within(capacity), cause)

    async def _move(self, place: Place, before: int, after: int, cause: str) -> None:
        await self._world.move(place, after)
        self.book.note(place, before, after, cause, self._clock.now_ms())

    async def _register(self, asked: Json) -> Json:
        place = _place(asked)
        try:
            await self._world.capacity(place)
        except (DaemonError, RemediationError) as fault:
            raise Refused("ValidationException", f"{place.resource} is not there: {fault}") from fault
        target = self.book.register(place, asked, self._clock.now_ms())
        await self._keep_within(target, "the limits were changed")
        return {"ScalableTargetARN": f"{_ARN}:scalable-target/{place.resource}"}

    async def _deregister(self, asked: Json) -> Json:
        self.book.of(_place(asked))
        del self.book.targets[_place(asked)]
        return {}

    async def _targets(self, asked: Json) -> Json:
        rows = [
            one for one in self._chosen(asked) if one.place.resource in asked.get("ResourceIds", [one.place.resource])
        ]
        return {
            "ScalableTargets": [
                {
                    **one.place.named,
                    "MinCapacity": one.least,
                    "MaxCapacity": one.most,
                    "RoleARN": "arn:aws:iam::000000000000:role/stand-in",
                    "CreationTime": one.made_ms / 1000,
                    "SuspendedState": one.suspended,
                }
                for one in rows
            ]
        }

    async def _put_policy(self, asked: Json) -> Json:
        target = self.book.of(_place(asked))
        if (
            asked.get("PolicyType") == "TargetTrackingScaling"
            and "TargetTrackingScalingPolicyConfiguration" not in asked
        ):
            raise Refused("ValidationException", "TargetTrackingScaling needs its configuration")
        target.policies = {**target.policies, asked["PolicyName"]: _kept(asked)}
        return {"PolicyARN": f"{_ARN}:scalingPolicy:{asked['PolicyName']}", "Alarms": []}

    async def _delete_policy(self, asked: Json) -> Json:
        target = self.book.of(_place(asked))
        if asked["PolicyName"] not in target.policies:
            raise Refused("ObjectNotFoundException", f"No scaling policy {asked['PolicyName']}")
        target.policies = {name: one for name, one in target.policies.items() if name != asked["PolicyName"]}
        return {}

    async def _policies(self, asked: Json) -> Json:
        found = [
            {
                "PolicyARN": f"{_ARN}:scalingPolicy:{name}",
                "CreationTime": one.made_ms / 1000,
                **one.place.named,
                **policy,
            }
            for one in self._chosen(asked)
            for name, policy in one.policies.items()
        ]
        return {"ScalingPolicies": found}

    async def _put_action(self, asked: Json) -> Json:
        target, name = self.book.of(_place(asked)), asked["ScheduledActionName"]
        try:
            five_fields(asked["Schedule"])
        except CronUnusable as fault:
            raise Refused("ValidationException", str(fault)) from fault
        target.actions = {**target.actions, name: _kept(asked)}
        # What was due before it was put there is not made good.
        target.applied_ms = {**target.applied_ms, name: self._clock.now_ms()}
        return {}

    async def _delete_action(self, asked: Json) -> Json:
        target = self.book.of(_place(asked))
        if asked["ScheduledActionName"] not in target.actions:
            raise Refused("ObjectNotFoundException", f"No scheduled action {asked['ScheduledActionName']}")
        target.actions = {name: one for name, one in target.actions.items() if name != asked["ScheduledActionName"]}
        return {}

    async def _actions(self, asked: Json) -> Json:
        found = [
            {
                "ScheduledActionARN": f"{_ARN}:scheduledAction:{name}",
                "CreationTime": one.made_ms / 1000,
                **one.place.named,
                **action,
            }
            for one in self._chosen(asked)
            for name, action in one.actions.items()
        ]
        return {"ScheduledActions": found}

    async def _activities(self, asked: Json) -> Json:
        wanted = {
            name: asked[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension") if name in asked
        }
        return {"ScalingActivities": [one for one in self.book.activities if wanted.items() <= one.items()]}

    def _chosen(self, asked: Json) -> list[Target]:
        wanted = {
            name: asked[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension") if name in asked
        }
        return [one for one in self.book.targets.values() if wanted.items() <= one.place.named.items()]

    async def _serve(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").removeprefix(PREFIX)
        try:
            body = json.loads(await read_body(request, BODY_BYTES_MAX))
            return _json(200, await self.answer(operation, body))
        except Refused as refused:
            return _json(400, {"__type": refused.code, "message": refused.message})
        except (BodyTooLarge, ValueError, KeyError, TypeError) as fault:
            return _json(400, {"__type": "ValidationException", "message": f"{type(fault).__name__}: {fault}"})
        except (DaemonError, RemediationError) as fault:
            return _json(500, {"__type": "InternalServiceException", "message": str(fault)})


def _place(asked: Json) -> Place:
    return Place(str(asked["ServiceNamespace"]), str(asked["ResourceId"]), str(asked["ScalableDimension"]))


def _kept(asked: Json) -> Json:
    return {
        name: value
        for name, value in asked.items()
        if name not in {"ServiceNamespace", "ResourceId", "ScalableDimension"}
    }


def _json(status: int, content: Json) -> Response:
    return Response(json.dumps(content), status_code=status, media_type=CONTENT_TYPE)
