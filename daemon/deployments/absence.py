"""Which environments take no payments on purpose: a version is being put into them, or they were stopped."""

from remediation.deployment.findings import StepFinding
from remediation.deployment.run import DeploymentRun
from remediation.state import State

Place = tuple[str, str]
"""A region and an environment."""


def absent_on_purpose(state: State) -> frozenset[Place]:
    """Places whose silence is no fault: none of them has traffic while a deployment does this to it."""
    absent: set[Place] = set()
    for run in state.runs.values():
        _follow(run, absent)
    return frozenset(absent)


def _follow(run: DeploymentRun, absent: set[Place]) -> None:
    passed = {one.step_id for one in run.ended if one.finding is StepFinding.PASSED}
    # A step that failed, or that the deployment ended in, changes nothing any more.
    over = {one.step_id for one in run.ended}
    for step in (*run.plan.steps, *run.plan.unwinding):
        if step.kind not in {"deploy", "retire"} or step.id not in run.begun_ids:
            continue
        place = (step.region, step.arguments["environment"])
        under_way = step.id not in over and run.outcome is None
        if under_way or (step.kind == "retire" and step.id in passed):
            absent.add(place)
        elif step.kind == "deploy":
            absent.discard(place)
