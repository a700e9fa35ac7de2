"""Finds the deployment that a finding puts the blame on, or says why no deployment is to blame."""

import msgspec

from checks.findings import Finding
from remediation.decisions import Reason
from remediation.state import RUNNING, DeploymentState, State

TRAFFIC_PHASES = ("traffic_rollout", "final_validation")
"""The phases in which the new version may hold traffic that can be taken away again."""


class Miss(msgspec.Struct, frozen=True):
    """No deployment to roll back: NO_DEPLOYMENT, NOT_THE_CANARY, ALREADY_ROLLED_BACK or PAST_RETURN, and why."""

    reason: Reason
    detail: str


def deployment_to_blame(finding: Finding, state: State) -> DeploymentState | Miss:
    """The running deployment whose new version the finding's key names; without such a key, the only one running.

    A breach of the version that is being replaced blames nobody: a rollback would send more traffic there.
    """
    running = [one for one in state.deployments.values() if one.status in RUNNING and one.phase in TRAFFIC_PHASES]
    # A service's own deployment (ECS reports each) names no environment to go back to: it rides along with ours.
    running = [one for one in running if _has_a_way_back(one)] or running
    blamed = [one for one in running if _names(finding, one)]
    if len({one.environment for one in blamed}) == 1:
        # One environment runs one release: the newest, whatever became of an earlier one that never ended.
        return _unless_borne(finding, max(blamed, key=lambda one: one.sequence), state)
    if blamed:
        return Miss(Reason.NO_DEPLOYMENT, f"{len(blamed)} deployments are running and the finding does not say which")
    if running:
        canary = running[-1]
        return Miss(
            Reason.NOT_THE_CANARY,
            f"the breach is not on the release {canary.version} on {canary.environment} that is being rolled out",
        )
    return _none_running(finding, state)


def _none_running(finding: Finding, state: State) -> DeploymentState | Miss:
    newest = max(state.deployments.values(), key=lambda one: one.sequence, default=None)
    if newest is not None and finding.asked_by and newest.status == "succeeded" and _names(finding, newest):
        # A release that was taken for good is nothing that a rule may take back; a person may.
        return _with_a_way_back(newest, state)
    if newest is not None and newest.rolled_back and _names(finding, newest):
        return Miss(
            Reason.ALREADY_ROLLED_BACK,
            f"deployment {newest.id} of {newest.version} is rolled back; a second step back needs a person",
        )
    return Miss(Reason.NO_DEPLOYMENT, "no deployment is running, so there is nothing to roll back")


def _unless_borne(finding: Finding, deployment: DeploymentState, state: State) -> DeploymentState | Miss:
    """The deployment, unless it was declared to bear that this rule was red before it: then others judge it."""
    run = state.runs.get(deployment.id)
    if run is not None and finding.rule_id in run.borne(finding.key.get("region", deployment.region)):
        words = f"{finding.rule_id} was red before {deployment.version} began, which is held against the old version"
        return Miss(Reason.NOT_THE_CANARY, f"{words} instead (differential)")
    return _with_a_way_back(deployment, state)


def _has_a_way_back(deployment: DeploymentState) -> bool:
    return deployment.previous_environment not in {"", deployment.environment}


def _with_a_way_back(deployment: DeploymentState, state: State) -> DeploymentState | Miss:
    run = state.runs.get(deployment.id)
    if run is not None and run.no_return:
        words = f"{run.no_return} has begun, and {deployment.previous_version} cannot live with what it leaves"
        return Miss(Reason.PAST_RETURN, f"{words}: mend {deployment.version} and switch its flags off")
    if not _has_a_way_back(deployment):
        return Miss(Reason.NO_DEPLOYMENT, f"deployment {deployment.id} names no other environment to go back to")
    return deployment


def _names(finding: Finding, deployment: DeploymentState) -> bool:
    """Whether nothing in the finding's key speaks of another environment or version."""
    environment = finding.key.get("environment", deployment.environment)
    version = finding.key.get("version", deployment.version)
    return environment == deployment.environment and version in {"", deployment.version}
