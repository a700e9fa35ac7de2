"""Plans a deployment: pure, and the same plan for the same request, standing and configuration."""

from collections.abc import Sequence

from msgspec.structs import replace

from config.delivery.deployment import FULL_PERCENT, Deployments, Rollout
from config.flags import RELEASE_FLAG
from remediation.aiming.flag import target_of
from remediation.deployment.plan import Plan, Request, Standing, Step, Strategy
from remediation.deployment.planned_migration import migration_steps
from remediation.deployment.planned_steps import shares, step_of

UNDOES = "undoes"
"""The argument of a step of the unwinding that names the step it undoes."""


BAKE_SLACK_SECONDS = 120.0
"""Beyond the bake itself, for a last look that has to be repeated."""
RETIRE_SECONDS = 300.0
"""For an old environment to drain and stop."""
LIFT_SECONDS = 60.0


def plan(request: Request, standing: Sequence[Standing], configuration: Deployments) -> Plan:
    """Everything that the request asks for, in order: region after region, and in each phase after phase.

    standing: one for each region of the request, in its order. A region's bake ends before the next region is touched,
    so that the first bad one stops it all.
    """
    steps: list[Step] = []
    for one in standing:
        steps += _validation(one, configuration)
        steps += _initialization(one, request, configuration)
        steps += migration_steps(one, standing[0].region, configuration)
        steps += _environment(one, request, configuration)
        steps += _rollout(one, request, configuration)
        steps += _final(one, request, configuration)
    unwinding = _unwinding(steps, standing, stops=configuration.without_traffic == "stopped")
    return Plan(request=request, standing=tuple(standing), steps=tuple(steps), unwinding=tuple(unwinding))


def _validation(one: Standing, configuration: Deployments) -> list[Step]:
    phase = configuration.phases.pre_deployment_validation
    kinds = [*(f"check.{name}" for name in phase.checks), "check.rehearsal", "check.gates"]
    arguments = {"environment": one.environment, "version": one.version}
    return [
        step_of(one, "pre_deployment_validation", kind, seconds, **arguments)
        for kind, seconds in zip(kinds, shares(phase.within, len(kinds)), strict=True)
    ]


def _initialization(one: Standing, request: Request, configuration: Deployments) -> list[Step]:
    phase = configuration.phases.infrastructure_initialization
    release_flag = target_of(f"{RELEASE_FLAG}{request.version}")
    targets = {"scaling": f"scale:{one.region}/{one.environment}", "flags": release_flag}
    return [
        step_of(
            one,
            "infrastructure_initialization",
            f"prepare.{name}",
            seconds,
            target=targets.get(name, ""),
            environment=one.environment,
            spare=one.spare,
            version=request.version,
            size=str(one.size),
        )
        for name, seconds in zip(phase.checks, shares(phase.within, len(phase.checks)), strict=True)
    ]


def _environment(one: Standing, request: Request, configuration: Deployments) -> list[Step]:
    """The spare environment stands and has taken test traffic, whatever the strategy does with it afterwards."""
    phase = configuration.phases.blue_green_deployment
    first = instances(one.size, configuration.phases.traffic_rollout.stages[0].percent)
    size = {Strategy.BLUE_GREEN: one.size, Strategy.CANARY: first, Strategy.ROLLING: 1}[request.strategy]
    new = {"environment": one.spare, "version": request.version}
    deploy = step_of(
        one,
        "blue_green_deployment",
        "deploy",
        phase.within / 2,
        target=f"environment:{one.region}/{one.spare}",
        **new,
        size=str(size),
    )
    kinds = ["test.traffic", *(f"check.new-{name}" for name in phase.checks)]
    old = {"other": one.environment, "other_version": one.version}
    looks = [
        step_of(one, "blue_green_deployment", kind, seconds, **new, **old)
        for kind, seconds in zip(kinds, shares(phase.within / 2, len(kinds)), strict=True)
    ]
    return [deploy, *looks]


def instances(size: int, percent: int) -> int:
    """How many of ``size`` instances carry this share of the traffic, at least one."""
    return max(1, -(-size * percent // FULL_PERCENT))


def _rollout(one: Standing, request: Request, configuration: Deployments) -> list[Step]:
    phase = configuration.phases.traffic_rollout
    steps: list[Step] = []
    # The environment of a canary was put up for the first stage.
    held = 0 if request.strategy is Strategy.ROLLING else instances(one.size, phase.stages[0].percent)
    for place, stage in enumerate(phase.stages):
        moved = _move(one, request, phase, stage.percent, held)
        held = instances(one.size, stage.percent)
        if place == 0 and request.cohort and request.strategy is not Strategy.ROLLING:
            moved = _with_cohort(moved, one, request)
        steps += moved
        watched = _watch_seconds(phase, place)
        if watched > 0:
            # A stage of a rolling deployment that moves nothing is watched for the whole of its time.
            steps.append(
                step_of(
                    one,
                    "traffic_rollout",
                    "watch",
                    watched + (phase.shift if not moved else 0),
                    name=f"watch-{stage.percent}",
                    **_compared(one, request),
                    percent=str(share_of(one, request, stage.percent)),
                    at_least_ms=str(round(phase.at_least * 1000)),
                )
            )
    return _within(steps, phase.within)


def share_of(one: Standing, request: Request, percent: int) -> int:
    """The share that a stage really gives: whole instances, where the instances are what is replaced."""
    if request.strategy is not Strategy.ROLLING:
        return percent
    return instances(one.size, percent) * FULL_PERCENT // one.size


def _within(steps: list[Step], seconds: float) -> list[Step]:
    """The same steps, the last watch with the time that nobody asked for: a phase has all of its own."""
    left = seconds - sum(step.within_seconds for step in steps)
    place = max((place for place, step in enumerate(steps) if step.kind == "watch"), default=len(steps) - 1)
    longer = replace(steps[place], within_seconds=steps[place].within_seconds + left)
    return [*steps[:place], longer, *steps[place + 1 :]]


def _watch_seconds(phase: Rollout, place: int) -> float:
    """What of a stage's time is left for watching; the one before pays the shift to a last one that is not watched."""
    stage = phase.stages[place]
    last = len(phase.stages) - 1
    pays_for_next = place == last - 1 and phase.stages[last].monitor == 0
    return stage.monitor - phase.shift * (2 if pays_for_next else 1) if stage.monitor > 0 else 0.0


def _with_cohort(moved: list[Step], one: Standing, request: Request) -> list[Step]:
    """The named merchant or header before the first share; the two share the time of one shift."""
    seconds = sum(step.within_seconds for step in moved) / 2
    cohort = step_of(
        one,
        "traffic_rollout",
        "cohort",
        seconds,
        target=one.traffic,
        cohort=request.cohort,
        **_compared(one, request),
    )
    return [cohort, *(replace(step, within_seconds=step.within_seconds / 2) for step in moved)]


def _move(one: Standing, request: Request, phase: Rollout, percent: int, held: int) -> list[Step]:
    """What brings the new version to this share; with ``canary`` its environment has grown to it before."""
    count = instances(one.size, percent)
    if request.strategy is Strategy.ROLLING:
        if count == held:
            return []
        return [
            step_of(
                one,
                "traffic_rollout",
                "roll",
                phase.shift,
                name=f"roll-{percent}",
                target=f"environment:{one.region}/{one.environment}",
                **_compared(one, request),
                size=str(one.size),
                instances=str(count),
                percent=str(share_of(one, request, percent)),
            )
        ]
    growing = request.strategy is Strategy.CANARY and count != held
    seconds = phase.shift / 2 if growing else phase.shift
    resize = step_of(
        one,
        "traffic_rollout",
        "resize",
        seconds,
        name=f"resize-{percent}",
        target=f"environment:{one.region}/{one.spare}",
        environment=one.spare,
        version=request.version,
        size=str(count),
    )
    shift = step_of(
        one,
        "traffic_rollout",
        "shift",
        seconds,
        name=f"shift-{percent}",
        target=one.traffic,
        **_compared(one, request),
        percent=str(percent),
    )
    return [resize, shift] if growing else [shift]


def _compared(one: Standing, request: Request) -> dict[str, str]:
    """Which release is held against which."""
    return {
        "environment": one.environment if request.strategy is Strategy.ROLLING else one.spare,
        "version": request.version,
        "other": one.environment,
        "other_version": one.version,
    }


def _final(one: Standing, request: Request, configuration: Deployments) -> list[Step]:
    phase = configuration.phases.final_validation
    # The stage that is watched here is the one with all of the traffic, so it gets half of the time.
    watched = phase.within / 2 if phase.checks else phase.within
    compared = _compared(one, request)
    full = {**compared, "percent": str(FULL_PERCENT)}
    steps = [
        *(
            step_of(one, "final_validation", f"check.final-{name}", seconds, **full)
            for name, seconds in zip(phase.checks, shares(phase.within - watched, len(phase.checks)), strict=True)
        ),
        step_of(one, "final_validation", "watch", watched, name="watch-final", **full, at_least_ms="0"),
        step_of(
            one,
            "final_validation",
            "bake",
            # A bake that has lasted needs a moment to be seen to have.
            configuration.bake + BAKE_SLACK_SECONDS,
            **full,
            bake_ms=str(round(configuration.bake * 1000)),
            size=str(one.size),
        ),
    ]
    rolling = request.strategy is Strategy.ROLLING
    if request.cohort and not rolling:
        steps.append(_lift(one, request))
    if configuration.without_traffic == "kept":
        return steps
    gone, left = (one.spare, one.environment) if rolling else (one.environment, one.spare)
    retire = step_of(
        one,
        "final_validation",
        "retire",
        RETIRE_SECONDS,
        target=f"environment:{one.region}/{gone}",
        environment=gone,
        version=request.version if rolling else one.version,
        size="0",
        successor=left,
    )
    return [*steps, retire]


def _lift(one: Standing, request: Request) -> Step:
    """Nobody is routed by name any more."""
    return step_of(
        one,
        "final_validation",
        "cohort",
        LIFT_SECONDS,
        name="lift-cohort",
        target=one.traffic,
        cohort="",
        **_compared(one, request),
    )


def _unwinding(steps: Sequence[Step], standing: Sequence[Standing], *, stops: bool) -> list[Step]:
    """What undoes the steps that prepared something, the last first; traffic is not among them, a decision moves it."""
    undone = {
        "cut-over": ("cut-over", {"percent": "0"}),
        "cohort": ("cohort", {"cohort": ""}),
        **({"deploy": ("retire", {"size": "0"})} if stops else {}),
        "prepare.scaling": ("release.scaling", {}),
        "prepare.flags": ("release.flags", {}),
        "prepare.alarms": ("release.alarms", {}),
    }
    by_region = {one.region: one for one in standing}
    before = _instances_before(steps)
    unwinding = []
    for step in reversed(steps):
        one = by_region[step.region]
        if step.kind == "roll":
            kind, changes = "roll", {"instances": str(before[step.id])}
        elif step.kind in undone and step.arguments.get("cohort") != "":
            kind, changes = undone[step.kind]
        else:
            continue
        suffix = f"-from-{step.arguments['percent']}" if kind in {"roll", "cut-over"} else ""
        unwinding.append(
            replace(
                step,
                id=f"{step.region}/unwinding/{kind}{suffix}",
                kind=kind,
                within_seconds=RETIRE_SECONDS,
                arguments={**step.arguments, **changes, "successor": one.environment, UNDOES: step.id},
            )
        )
    return unwinding


def _instances_before(steps: Sequence[Step]) -> dict[str, int]:
    """By batch of a rolling deployment: how many instances had the new version before it."""
    before: dict[str, int] = {}
    reached: dict[str, int] = {}
    for step in steps:
        if step.kind == "roll":
            before[step.id] = reached.get(step.region, 0)
            reached[step.region] = int(step.arguments["instances"])
    return before
