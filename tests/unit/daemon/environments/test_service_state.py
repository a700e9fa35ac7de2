"""What an ECS service's description says: done, on its way, or never to be done and why."""

from typing import Any

import pytest

from daemon.environments.service_state import BEFORE, BEFORE_DEPLOYMENT, KEY, WANTED, state_of
from remediation.errors import WorldUnreachable

OLD = "arn:aws:ecs:us-east-1:000000000000:task-definition/core-green:1"
NEW = "arn:aws:ecs:us-east-1:000000000000:task-definition/core-green:2"

# JSON as ECS defines it.
Json = dict[str, Any]


def deployment(**more: Any) -> Json:  # noqa: ANN401  # see Json
    return {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": NEW, "rolloutState": "COMPLETED", **more}


def service(*deployments: Json, **more: Any) -> Json:  # noqa: ANN401  # see Json
    return {
        "serviceName": "core-green",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "deployments": list(deployments or (deployment(),)),
        **more,
    }


def tags(**pairs: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in pairs.items()]


ASKED = [
    {"key": KEY, "value": "k"},
    {"key": WANTED, "value": NEW},
    {"key": BEFORE, "value": OLD},
    {"key": BEFORE_DEPLOYMENT, "value": "ecs-svc/1"},
]


def test_a_completed_deployment_whose_tasks_are_all_healthy_has_settled() -> None:
    state = state_of(service(), "2.0.0", 2)
    assert state.settled
    assert (state.version, state.desired, state.running, state.healthy, state.failed) == ("2.0.0", 2, 2, 2, "")


@pytest.mark.parametrize(
    ("description", "healthy"),
    [
        (service(), 1),
        (service(pendingCount=1), 2),
        (service(runningCount=1), 2),
        (service(runningCount=3), 3),
        (service(deployment(rolloutState="IN_PROGRESS")), 2),
        (service(deployment(), deployment(id="ecs-svc/1", status="ACTIVE", taskDefinition=OLD)), 2),
    ],
    ids=["unhealthy", "pending", "too few", "too many", "in progress", "the old one is still there"],
)
def test_what_is_not_done_has_not_settled_and_has_not_failed(description: Json, healthy: int) -> None:
    state = state_of(description, "2.0.0", healthy)
    assert not state.settled
    assert not state.failed


def test_a_deployment_that_ecs_calls_failed_tells_its_reason() -> None:
    failing = deployment(rolloutState="FAILED", rolloutStateReason="tasks failed to start")
    state = state_of(service(failing), "2.0.0", 0)
    assert state.failed == "tasks failed to start"
    assert not state.settled


def test_a_failure_without_a_reason_is_still_a_failure() -> None:
    assert "FAILED" in state_of(service(deployment(rolloutState="FAILED")), "2.0.0", 0).failed


def test_going_back_by_itself_is_a_failure_while_and_after_it_happens() -> None:
    back = deployment(id="ecs-svc/3", taskDefinition=OLD, rolloutStateReason="rolling back to ecs-svc/1")
    gone = deployment(status="ACTIVE", rolloutState="FAILED", rolloutStateReason="circuit breaker: tasks failed")
    meanwhile = state_of(service(back, gone, tags=ASKED), "1.0.0", 2)
    assert meanwhile.failed.startswith("ECS went back from core-green:2 to core-green:1: circuit breaker: tasks failed")
    events = [{"message": "(service core-green) rolled back"}]
    afterwards = state_of(service(back, tags=ASKED, events=events), "1.0.0", 2)
    assert "rolling back to ecs-svc/1 ((service core-green) rolled back)" in afterwards.failed
    assert not afterwards.settled


def test_what_was_not_begun_yet_has_not_gone_back() -> None:
    before = deployment(id="ecs-svc/1", taskDefinition=OLD)
    assert not state_of(service(before, tags=ASKED), "1.0.0", 2).failed


def test_what_somebody_else_deployed_is_no_failure_of_ours() -> None:
    other = deployment(id="ecs-svc/9", taskDefinition=NEW.replace(":2", ":9"))
    assert not state_of(service(other, tags=ASKED), "9.0.0", 2).failed


def test_tasks_that_failed_are_counted_before_ecs_gives_up() -> None:
    failing = deployment(rolloutState="IN_PROGRESS", failedTasks=3)
    assert "3 tasks failed" in state_of(service(failing), "2.0.0", 0).detail


def test_a_service_that_is_being_deleted_fails() -> None:
    assert "deleted" in state_of(service(status="DRAINING"), "2.0.0", 2).failed


def test_a_service_without_a_deployment_is_not_known() -> None:
    with pytest.raises(WorldUnreachable):
        state_of({**service(), "deployments": []}, "2.0.0", 2)
