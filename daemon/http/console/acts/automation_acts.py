"""What people do to automation from the console: stop it, let it go on, answer what it asks, take back what it did."""

from daemon.automation import Automation, words_of
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Preview, Unusable
from daemon.http.words.wording import OUTCOME_WORDS, action_words, counted, moment
from remediation.guardrails.approvals import ApprovalStatus, may_approve, may_refuse, status_of
from remediation.guardrails.state import ApprovalState
from remediation.undo import UndoRefusal

DIGEST_SHOWN = 12


def _automation(ground: Ground) -> Automation:
    if ground.options.automation is None:
        raise Unusable("No automation is held from here.")
    return ground.options.automation


async def look_stop(ground: Ground, _: Asked) -> Preview:
    """What would not be done any more, and what goes on."""
    state = _automation(ground).state
    if state.stopped is not None:
        return Preview(refusal=f"{state.stopped.by} has stopped it: {state.stopped.reason}.")
    going = sum(one.status is None for one in state.actions.values())
    would = ["Nothing acts by itself from now on, also after a restart: no rollback, no list, no flag, no capacity."]
    if going:
        would.append(f"{counted(going, 'action')} under way goes on to its end.")
    return Preview(would=tuple(would), notes=("Findings, incidents and telling people go on as before.",))


async def stop(ground: Ground, asked: Asked) -> Done:
    """Stop it."""
    changed = await _automation(ground).stop(asked.by.name, asked.reason)
    return Done("Automation is stopped.") if changed else Done(refusal="Somebody else has stopped it meanwhile.")


async def look_resume(ground: Ground, _: Asked) -> Preview:
    """What holds it, which would end."""
    state = _automation(ground).state
    held = [] if state.stopped is None else [f"{state.stopped.by} stopped it: {state.stopped.reason}"]
    if state.storm is not None and state.storm.lasts:
        held.append(f"it stopped itself: {state.storm.why}")
    if not held:
        return Preview(refusal="It acts already: neither a stop nor a storm is in force.")
    breached = sum(one.is_counted_open for one in state.incidents.values())
    would = ("Automation acts again.", f"That ends: {'; '.join(held)}.")
    return Preview(would=would, notes=(f"{counted(breached, 'incident')} open now: what still breaches is acted on.",))


async def resume(ground: Ground, asked: Asked) -> Done:
    """Let it go on."""
    changed = await _automation(ground).resume(asked.by.name, asked.reason)
    return Done("Automation acts again.") if changed else Done(refusal="It acts already.")


def _question(ground: Ground, asked: Asked) -> ApprovalState | None:
    return _automation(ground).state.approvals.get(asked["approval_id"])


def _told(ground: Ground, one: ApprovalState) -> tuple[str, ...]:
    given = ", ".join(answer.by for answer in one.given)
    return (
        f"Asked by {one.requested_by}, until {moment(one.expires_at_ms, ground.now_ms).text} UTC.",
        f"{len(one.given)} of {one.needed} agreed{f': {given}' if given else ''}.",
        f"Digest {one.digest[:DIGEST_SHOWN]} of what would be done.",
    )


async def look_approve(ground: Ground, asked: Asked) -> Preview:
    """What is asked, and whether this yes is enough."""
    one = _question(ground, asked)
    digest = "" if one is None else one.digest
    refusal = may_approve(one, asked.by.name, asked.by.role, digest, ground.now_ms)
    if refusal is not None or one is None:
        told = () if one is None else (f"{one.what}.", *_told(ground, one))
        return Preview(refusal="" if refusal is None else words_of(refusal), notes=told)
    left = one.needed - len(one.given) - 1
    then = "with your yes it may be done" if left <= 0 else f"{counted(left, 'more yes', 'more')} needed after yours"
    return Preview(
        would=(f"You agree to: {one.what}.", f"{then.capitalize()}."), notes=_told(ground, one), bound=(digest,)
    )


async def approve(ground: Ground, asked: Asked) -> Done:
    """Count this person's yes."""
    one = _question(ground, asked)
    digest, name = "" if one is None else one.digest, asked["approval_id"]
    refusal = await _automation(ground).approve(name, asked.by.name, asked.by.role, digest, asked.reason)
    if refusal is not None:
        return Done(refusal=words_of(refusal))
    told = _automation(ground).state.approvals[name]
    is_enough = status_of(told, ground.now_ms) is ApprovalStatus.APPROVED
    return Done(f"{name} is approved." if is_enough else f"Your yes counts: {len(told.given)} of {told.needed}.")


async def look_deny(ground: Ground, asked: Asked) -> Preview:
    """What would not be done."""
    one = _question(ground, asked)
    refusal = may_refuse(one, asked.by.role, ground.now_ms)
    if refusal is not None or one is None:
        return Preview(refusal="" if refusal is None else words_of(refusal))
    return Preview(would=(f"It is not done: {one.what}.",), notes=_told(ground, one), bound=(one.digest,))


async def deny(ground: Ground, asked: Asked) -> Done:
    """End the question with this person's no."""
    name = asked["approval_id"]
    refusal = await _automation(ground).refuse(name, asked.by.name, asked.by.role, asked.reason)
    return Done(f"{name} is refused.") if refusal is None else Done(refusal=words_of(refusal))


async def look_undo(ground: Ground, asked: Asked) -> Preview:
    """What would be so again."""
    look = await _automation(ground).look_at_undo(asked["decision_id"])
    if look.refusal:
        return Preview(refusal=f"{look.refusal}.")
    one = ground.state.actions[asked["decision_id"]]
    restored = ", ".join(f"{name} {value}" for name, value in sorted(look.restores.items()))
    would = f"What this did is taken back: {action_words(one.action)} on {one.target}. Restored: {restored}."
    asks = f"{look.asks}: without the yes of others you put the question to them" if look.asks else ""
    return Preview(would=(would,), asks=asks)


async def undo(ground: Ground, asked: Asked) -> Done:
    """Take it back."""
    found = await _automation(ground).undo(asked["decision_id"], asked.by.name, asked.reason)
    if found.outcome is None:
        waits = found.refusal is UndoRefusal.NEEDS_APPROVAL
        return Done(words=f"Asked: {found.detail}.") if waits else Done(refusal=f"{found.detail}.")
    return Done(f"{OUTCOME_WORDS[found.outcome.status].capitalize()}: {found.detail}.")


APPROVAL = (Field(name="approval_id"),)
AUTOMATION_ACTS = (
    Act(
        name="automation.stop",
        needs="operator",
        label="Stop automation",
        title="Let nothing act by itself?",
        confirm="Stop automation",
        look=look_stop,
        perform=stop,
        harms=True,
    ),
    Act(
        name="automation.resume",
        needs="operator",
        label="Resume automation",
        title="Let automation act again?",
        confirm="Resume automation",
        look=look_resume,
        perform=resume,
    ),
    Act(
        name="approval.approve",
        needs="approver",
        label="Approve",
        title="Agree to {approval_id}?",
        confirm="Approve",
        fields=APPROVAL,
        look=look_approve,
        perform=approve,
        reason="optional",
    ),
    Act(
        name="approval.deny",
        needs="approver",
        label="Refuse",
        title="Refuse {approval_id}?",
        confirm="Refuse",
        fields=APPROVAL,
        look=look_deny,
        perform=deny,
        harms=True,
    ),
    Act(
        name="action.undo",
        needs="operator",
        label="Undo",
        title="Take {decision_id} back, and restore what was so before it?",
        confirm="Undo",
        fields=(Field(name="decision_id"),),
        look=look_undo,
        perform=undo,
        harms=True,
    ),
)
