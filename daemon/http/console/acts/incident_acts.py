"""What people do to incidents from the console."""

from collections.abc import Mapping

from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Preview, Unusable
from daemon.http.words.wording import duration, moment
from daemon.incidents.desk import IncidentDesk, IncidentRefused
from remediation.escalation.chain import Chain, ChainState
from remediation.incidents.fold import members_of
from remediation.state import Incident

ABOUT = (Field(name="incident_id"),)


def _desk(ground: Ground) -> IncidentDesk:
    parts = ground.options.incidents
    if parts is None:
        raise Unusable("Incidents are not held from here.")
    return parts.desk


def _refusal(found: IncidentRefused) -> str:
    return f"{found.detail}."


def _bound(ground: Ground, incident: Incident) -> tuple[str, ...]:
    """Where the incident and the telling of it stand: another step, another person, and it is another question."""
    chain = ground.state.escalation.chains.get(incident.id)
    told = "" if chain is None else f"{chain.state} {chain.generation} {chain.done}"
    return (incident.id, incident.state.value, incident.acknowledged_by, told)


def _next(ground: Ground, chain: Chain | None) -> str:
    if chain is None or chain.next_step is None:
        return "nobody else was going to be told"
    step = chain.next_step
    return f"{step.level} ({step.tier}) would have been told at {moment(step.at_ms, ground.now_ms).text} UTC"


async def look_ack(ground: Ground, asked: Asked) -> Preview:
    """Who would hear nothing any more."""
    desk = _desk(ground)
    found = await desk.acknowledge(asked["incident_id"], asked.by.name, dry_run=True)
    if isinstance(found, IncidentRefused):
        return Preview(refusal=_refusal(found))
    chain = ground.state.escalation.chains.get(found.id)
    would = [f"{found.id} is yours, {asked.by.name}, and nobody else is told of it: {_next(ground, chain)}."]
    if chain is not None and chain.ack_timeout_ms:
        would.append(f"Say so again within {duration(chain.ack_timeout_ms)}, or others are told.")
    members = list(members_of(ground.state, found.id))
    notes = (f"It speaks for {len(members)} more.",) if members else ()
    return Preview(would=tuple(would), notes=notes, bound=_bound(ground, found))


async def ack(ground: Ground, asked: Asked) -> Done:
    """Take it on."""
    desk = _desk(ground)
    found = await desk.acknowledge(asked["incident_id"], asked.by.name, asked.reason)
    if isinstance(found, IncidentRefused):
        return Done(refusal=_refusal(found))
    return Done(words=f"{found.id} is taken on by {found.acknowledged_by}.")


async def look_unack(ground: Ground, asked: Asked) -> Preview:
    """Who would be told again."""
    desk = _desk(ground)
    found = await desk.give_back(asked["incident_id"], asked.by.name, dry_run=True)
    if isinstance(found, IncidentRefused):
        return Preview(refusal=_refusal(found))
    would = f"Nobody is on {found.id} any more, and people are told from the beginning."
    return Preview(would=(would,), bound=_bound(ground, found))


async def unack(ground: Ground, asked: Asked) -> Done:
    """Give it back."""
    desk = _desk(ground)
    found = await desk.give_back(asked["incident_id"], asked.by.name, asked.reason)
    return Done(refusal=_refusal(found)) if isinstance(found, IncidentRefused) else Done(f"{found.id} is given back.")


async def look_resolve(ground: Ground, asked: Asked) -> Preview:
    """What would end, and what would open it again."""
    desk = _desk(ground)
    found = await desk.resolve(asked["incident_id"], asked.by.name, "", dry_run=True)
    if isinstance(found, IncidentRefused):
        return Preview(refusal=_refusal(found))
    lasting = [one.id for one in (found, *members_of(ground.state, found.id)) if not one.over]
    would = [f"{found.id} is closed, and whoever was told hears so."]
    if lasting:
        would.append(
            f"What is measured says that it is not over ({', '.join(lasting)}): if that lasts, it opens again."
        )
    chain = ground.state.escalation.chains.get(found.id)
    if chain is not None and chain.state is ChainState.RUNNING:
        would.append(f"Telling people of it ends: {_next(ground, chain)}.")
    return Preview(would=tuple(would), bound=(*_bound(ground, found), *lasting))


async def resolve(ground: Ground, asked: Asked) -> Done:
    """Close it."""
    desk = _desk(ground)
    found = await desk.resolve(asked["incident_id"], asked.by.name, asked.reason)
    return Done(refusal=_refusal(found)) if isinstance(found, IncidentRefused) else Done(f"{found.id} is closed.")


async def look_merge(ground: Ground, asked: Asked) -> Preview:
    """Which would speak for both."""
    desk = _desk(ground)
    found = await desk.merge(asked["incident_id"], asked["into"], asked.by.name, "", dry_run=True)
    if isinstance(found, IncidentRefused):
        return Preview(refusal=_refusal(found))
    would = f"{found.id} speaks for both from here on, and only of it are people told. It cannot be taken back."
    return Preview(would=(would,), bound=_bound(ground, found))


async def merge(ground: Ground, asked: Asked) -> Done:
    """Say that two are one."""
    desk = _desk(ground)
    found = await desk.merge(asked["incident_id"], asked["into"], asked.by.name, asked.reason)
    return Done(refusal=_refusal(found)) if isinstance(found, IncidentRefused) else Done(f"{found.id} speaks for both.")


async def look_note(ground: Ground, asked: Asked) -> Preview:
    """That nobody is told."""
    desk = _desk(ground)
    found = await desk.note(asked["incident_id"], asked.by.name, "", dry_run=True)
    if isinstance(found, IncidentRefused):
        return Preview(refusal=_refusal(found))
    return Preview(would=(f"It stands in the timeline of {found.id} and in its review. Nobody is told.",))


async def note(ground: Ground, asked: Asked) -> Done:
    """Write something down."""
    desk = _desk(ground)
    found = await desk.note(asked["incident_id"], asked.by.name, asked.reason)
    return Done(refusal=_refusal(found)) if isinstance(found, IncidentRefused) else Done(f"Noted about {found.id}.")


def _others(ground: Ground, told: Mapping[str, str]) -> Mapping[str, str]:
    """The incidents that may speak for this one."""
    about = told.get("incident_id", "")
    counted = [one for one in reversed(ground.state.incidents.values()) if one.is_counted_open and one.id != about]
    return {one.id: f"{one.id}: {one.rule_id} {one.subject}" for one in counted}


INCIDENT_ACTS = (
    Act(
        name="incident.ack",
        needs="operator",
        label="Acknowledge",
        title="Take {incident_id} on?",
        confirm="Acknowledge",
        fields=ABOUT,
        look=look_ack,
        perform=ack,
        reason="optional",
    ),
    Act(
        name="incident.unack",
        needs="operator",
        label="Give back",
        title="Give {incident_id} back?",
        confirm="Give it back",
        fields=ABOUT,
        look=look_unack,
        perform=unack,
        reason="optional",
    ),
    Act(
        name="incident.resolve",
        needs="operator",
        label="Resolve",
        title="Close {incident_id}?",
        confirm="Resolve",
        fields=ABOUT,
        look=look_resolve,
        perform=resolve,
    ),
    Act(
        name="incident.merge",
        needs="operator",
        label="Merge",
        title="Is {incident_id} part of another incident?",
        confirm="Merge",
        fields=(*ABOUT, Field(name="into", label="Part of", kind="choice", choices=_others)),
        look=look_merge,
        perform=merge,
        harms=True,
    ),
    Act(
        name="incident.note",
        needs="operator",
        label="Add a note",
        title="Write something down about {incident_id}",
        confirm="Keep it",
        fields=ABOUT,
        look=look_note,
        perform=note,
    ),
)
