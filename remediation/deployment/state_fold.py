"""What a deployment's entries move: its run, and who holds the targets that its steps change."""

from msgspec.structs import replace

from remediation.bounded import bounded, with_entry
from remediation.deployment.folding import run_after
from remediation.deployment.run import RUNS_MAX, DeploymentRun
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, DeploymentEnded, StepBegun, StepEnded
from remediation.state import State, with_target

TRAFFIC = "dns:"
"""The kind of the targets that split traffic."""


def with_run(state: State, entry: Entry, body: Body) -> State:
    """The state after an entry about a deployment that runs; see ``remediation.deployment.folding``."""
    before = state.runs.get(body.deployment_id) if isinstance(body, StepBegun | StepEnded | DeploymentEnded) else None
    run = run_after(state.runs, entry, body)
    if run is None:
        return state
    state = _with_turn(state, before, run)
    return replace(
        state, runs=bounded(with_entry(state.runs, run.id, run), RUNS_MAX, lambda one: one.outcome is not None)
    )


def _with_turn(state: State, before: DeploymentRun | None, after: DeploymentRun) -> State:
    """Who changes an environment: a step that was begun, until it has ended.

    Traffic is not among them: giving it back must not wait until a shift has settled, only until it was sent.
    """
    had = before.step if before is not None and before.key else None
    has = after.step if after.key else None
    if had is not None and (has is None or has.id != had.id):
        state = _held_by(state, had.target, "")
    return state if has is None else _held_by(state, has.target, after.id)


def _held_by(state: State, target: str, holder: str) -> State:
    if not target or target.startswith(TRAFFIC):
        return state
    return with_target(state, target, running=holder)
