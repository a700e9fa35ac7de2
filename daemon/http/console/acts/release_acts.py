"""What people do to releases from the console: hold, go on, end, take back."""

from daemon.deployments.refusals import Refused
from daemon.deployments.service import DeploymentDesk
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Look, Perform, Preview, Unusable
from daemon.rollbacks.desk import RollbackRefusal, RollbackRefused
from daemon.rollbacks.parts import RollbackParts
from remediation.rollback.model import RollbackKind

ABOUT = (Field(name="deployment_id"),)


def _desk(ground: Ground) -> DeploymentDesk:
    desk = ground.options.deployments
    if desk is None:
        raise Unusable("Nothing is deployed from here.")
    return desk


def _way(ground: Ground) -> RollbackParts:
    parts = ground.options.rollbacks
    if parts is None:
        raise Unusable("Nothing is taken back from here.")
    return parts


def _standing(desk: DeploymentDesk, deployment_id: str) -> tuple[str, ...]:
    """Where the deployment is: at another step it is another question."""
    view = desk.show(deployment_id)
    return () if view is None else (deployment_id, str(view.run.index), str(view.run.paused))


def _step(desk: DeploymentDesk, deployment_id: str) -> str:
    view = desk.show(deployment_id)
    if view is None or view.run.index >= len(view.run.plan.steps):
        return "its end"
    return view.run.plan.steps[view.run.index].id


async def look_pause(ground: Ground, asked: Asked) -> Preview:
    """Which step would be the last to begin."""
    desk, name = _desk(ground), asked["deployment_id"]
    refused = desk.pause_refused(name)
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    would = f"No step after {_step(desk, name)} begins; gates are read on, and what is bad is taken back all the same."
    return Preview(would=(would,), bound=_standing(desk, name))


async def pause(ground: Ground, asked: Asked) -> Done:
    """Begin no further step."""
    desk, name = _desk(ground), asked["deployment_id"]
    return _ended(await desk.pause(name, asked.by.name, asked.reason), f"{name} is on hold.")


async def look_resume(ground: Ground, asked: Asked) -> Preview:
    """Which step would have its time again."""
    desk, name = _desk(ground), asked["deployment_id"]
    refused = desk.resume_refused(name)
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    would = f"It goes on at {_step(desk, name)}; a step that was held has the whole of its time again."
    return Preview(would=(would,), bound=_standing(desk, name))


async def resume(ground: Ground, asked: Asked) -> Done:
    """Go on."""
    desk, name = _desk(ground), asked["deployment_id"]
    return _ended(await desk.resume(name, asked.by.name, asked.reason), f"{name} goes on.")


async def look_abort(ground: Ground, asked: Asked) -> Preview:
    """What would be given back."""
    desk, name = _desk(ground), asked["deployment_id"]
    refused = desk.abort_refused(name)
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    known = ground.state.deployments.get(name)
    has = "no traffic yet" if known is None else f"{known.weight_percent} % of the traffic"
    would = f"{name} ends at {_step(desk, name)}: it has {has}, which is given back, and what it prepared is undone."
    return Preview(would=(would,), bound=_standing(desk, name))


async def abort(ground: Ground, asked: Asked) -> Done:
    """End it."""
    desk, name = _desk(ground), asked["deployment_id"]
    return _ended(await desk.abort(name, asked.by.name, asked.reason), f"{name} is being ended.")


def _ended(refused: Refused | None, words: str) -> Done:
    return Done(words) if refused is None else Done(refusal=f"{refused.detail}.")


def _look_back(kind: RollbackKind) -> Look:
    async def look(ground: Ground, asked: Asked) -> Preview:
        parts = _way(ground)
        plan = await parts.foresight.plan(kind, asked.by.name, asked["deployment_id"])
        if isinstance(plan, RollbackRefused):
            return Preview(refusal=f"{plan.detail}.")
        head = f"{plan.deployment_id} of {plan.version}" if plan.deployment_id else "no release is known"
        failing = [f"{one.step}: {one.refusal}" for one in plan.steps if one.refusal]
        steps = (f"{one.step}: {one.would if not one.refusal else f'not done: {one.refusal}'}" for one in plan.steps)
        if failing and kind is RollbackKind.TRAFFIC:
            return Preview(refusal=f"{'; '.join(failing)}.", notes=(head,))
        return Preview(would=(f"Takes back {head}.", *steps), asks=plan.asks)

    return look


def _take_back(kind: RollbackKind) -> Perform:
    async def perform(ground: Ground, asked: Asked) -> Done:
        parts = _way(ground)
        name = asked["deployment_id"]
        run = await parts.desk.ask(kind, asked.by.name, reason=asked.reason, deployment_id=name)
        if isinstance(run, RollbackRefused):
            waits = run.refusal is RollbackRefusal.NEEDS_APPROVAL
            return Done(words=f"Asked: {run.detail}.") if waits else Done(refusal=f"{run.detail}.")
        steps = "; ".join(f"{step}: {result.status}, {result.detail}" for step, result in run.steps.items())
        return Done(f"{run.id} {_became(run.ended_at_ms, run.complete)}{f': {steps}' if steps else ''}.")

    return perform


def _became(ended_at_ms: int, complete: bool) -> str:  # noqa: FBT001 - what the run says of itself.
    if not ended_at_ms:
        return "is under way"
    return "is complete" if complete else "is partial"


def _way_back(kind: RollbackKind, label: str, title: str) -> Act:
    return Act(
        name=f"rollback.{kind}",
        needs="operator",
        label=label,
        title=title,
        confirm=label,
        fields=(Field(name="deployment_id", optional=True),),
        look=_look_back(kind),
        perform=_take_back(kind),
        harms=True,
    )


RELEASE_ACTS = (
    Act(
        name="deployment.pause",
        needs="operator",
        label="Hold",
        title="Hold {deployment_id}?",
        confirm="Hold it",
        fields=ABOUT,
        look=look_pause,
        perform=pause,
    ),
    Act(
        name="deployment.resume",
        needs="operator",
        label="Go on",
        title="Let {deployment_id} go on?",
        confirm="Go on",
        fields=ABOUT,
        look=look_resume,
        perform=resume,
    ),
    Act(
        name="deployment.abort",
        needs="operator",
        label="Abort",
        title="End {deployment_id} and give its traffic back?",
        confirm="Abort it",
        fields=ABOUT,
        look=look_abort,
        perform=abort,
        harms=True,
    ),
    _way_back(RollbackKind.TRAFFIC, "Roll back traffic", "Give all traffic back to the version before?"),
    _way_back(
        RollbackKind.COMPLETE, "Roll back completely", "Give all traffic back, drain, reconcile and stop the release?"
    ),
    _way_back(
        RollbackKind.EMERGENCY,
        "Emergency rollback",
        "Kill the release's flag, hold every payment, and give all traffic back?",
    ),
)
