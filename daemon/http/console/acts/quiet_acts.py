"""What people keep quiet from the console: silences and announced maintenance."""

from collections.abc import Mapping
from typing import Literal

from config.escalation.matchers import MatcherUnusable, all_match, check_matchers
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Preview, Unusable, number_of
from daemon.http.words.wording import counted, moment
from daemon.incidents.quiet_desk import QuietDesk, QuietRefused
from remediation.incidents.labels import labels_of
from remediation.state import SEVERITY_LEVELS

MINUTE_MS = 60_000
MINUTES_MAX = 60 * 24 * 31
MATCHERS = Field(
    name="matchers",
    label="What it is about",
    kind="text",
    hint="Every part must hold, with blanks between: rule=payment-failure-rate severity!=critical",
)


def _desk(ground: Ground) -> QuietDesk:
    parts = ground.options.incidents
    if parts is None:
        raise Unusable("Nobody is told of anything from here.")
    return parts.quiet


def _matchers(asked: Asked) -> tuple[str, ...]:
    return tuple(asked["matchers"].split())


def _held(ground: Ground, matchers: tuple[str, ...]) -> tuple[str, ...]:
    """The open incidents that it is about, the gravest first."""
    found = [
        one for one in ground.state.incidents.values() if one.is_counted_open and _is_about(matchers, labels_of(one))
    ]
    return tuple(
        f"{one.id} ({one.rule_id}, severity {one.severity})" for one in sorted(found, key=lambda one: one.severity)
    )


def _is_about(matchers: tuple[str, ...], labels: Mapping[str, str]) -> bool:
    try:
        check_matchers(matchers)
    except MatcherUnusable:
        return False
    return all_match(matchers, labels)


def _kept(ground: Ground, matchers: tuple[str, ...]) -> tuple[str, ...]:
    held = _held(ground, matchers)
    if not held:
        return ("No incident that is open now is about it.",)
    told = f"Of {counted(len(held), 'open incident')} nobody is told: {', '.join(held[:5])}."
    grave = any(f"severity {SEVERITY_LEVELS['critical']}" in one for one in held)
    return (told, "One of them is critical.") if grave else (told,)


async def look_silence(ground: Ground, asked: Asked) -> Preview:
    """What nobody would be told of, and until when."""
    desk = _desk(ground)
    minutes, matchers = number_of(asked, "minutes", 1, MINUTES_MAX), _matchers(asked)
    refused = desk.silence_refused(matchers, ground.now_ms + minutes * MINUTE_MS)
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    would = f"For {minutes} min nobody is told of what matches {' and '.join(matchers)}."
    held = _kept(ground, matchers)
    return Preview(would=(would,), notes=(*held, "What still burns at its end is told then."))


async def silence(ground: Ground, asked: Asked) -> Done:
    """Add the silence."""
    desk = _desk(ground)
    ends_at_ms = ground.now_ms + number_of(asked, "minutes", 1, MINUTES_MAX) * MINUTE_MS
    added = await desk.silence(_matchers(asked), ends_at_ms, asked.by.name, asked.reason)
    if isinstance(added, QuietRefused):
        return Done(refusal=f"{added.detail}.")
    return Done(f"{added.id} holds until {moment(added.ends_at_ms).text} UTC.")


async def look_expire(ground: Ground, asked: Asked) -> Preview:
    """Of what people would be told again."""
    desk = _desk(ground)
    refused = desk.expire_refused(asked["silence_id"])
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    known = desk.book.silences[asked["silence_id"]]
    return Preview(
        would=("The silence ends now, and what still burns is told at once.", *_again(ground, known.matchers))
    )


def _again(ground: Ground, matchers: tuple[str, ...]) -> tuple[str, ...]:
    held = _held(ground, matchers)
    return (f"It is about {', '.join(held[:5])}.",) if held else ()


async def expire(ground: Ground, asked: Asked) -> Done:
    """End the silence."""
    desk = _desk(ground)
    ended = await desk.expire(asked["silence_id"], asked.by.name, asked.reason)
    return Done(refusal=f"{ended.detail}.") if isinstance(ended, QuietRefused) else Done(f"{ended.id} is over.")


def _span(ground: Ground, asked: Asked) -> tuple[int, int]:
    starts_at_ms = ground.now_ms + number_of(asked, "in_minutes", 0, MINUTES_MAX) * MINUTE_MS
    return starts_at_ms, starts_at_ms + number_of(asked, "minutes", 1, MINUTES_MAX) * MINUTE_MS


def _kind(asked: Asked) -> Literal["emergency", "planned"]:
    return "emergency" if asked["kind"] == "emergency" else "planned"


async def look_announce(ground: Ground, asked: Asked) -> Preview:
    """What would be kept quiet, and when."""
    desk = _desk(ground)
    starts_at_ms, ends_at_ms = _span(ground, asked)
    refused = desk.announce_refused(_kind(asked), _matchers(asked), starts_at_ms, ends_at_ms)
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    about = " and ".join(_matchers(asked)) if asked["matchers"] else "everything"
    span = f"from {asked['in_minutes']} min on for {asked['minutes']} min"
    return Preview(would=(f"{_kind(asked).capitalize()} maintenance of {about} is announced, {span}.",))


async def announce(ground: Ground, asked: Asked) -> Done:
    """Announce the work; the reason says what is done."""
    desk = _desk(ground)
    starts_at_ms, ends_at_ms = _span(ground, asked)
    made = await desk.announce(_kind(asked), asked.reason, _matchers(asked), starts_at_ms, ends_at_ms, asked.by.name)
    if isinstance(made, QuietRefused):
        return Done(refusal=f"{made.detail}.")
    return Done(f"{made.id} is announced: {moment(made.starts_at_ms).text} to {moment(made.ends_at_ms).text} UTC.")


async def look_end(ground: Ground, asked: Asked) -> Preview:
    """Of what people would be told again."""
    desk = _desk(ground)
    refused = desk.end_refused(asked["maintenance_id"])
    if refused is not None:
        return Preview(refusal=f"{refused.detail}.")
    known = desk.book.maintenances[asked["maintenance_id"]]
    would = f"{known.kind.capitalize()} maintenance ({known.what}) is over, and what still burns is told at once."
    return Preview(would=(would,))


async def end(ground: Ground, asked: Asked) -> Done:
    """End it, or take it back before its begin."""
    desk = _desk(ground)
    ended = await desk.end(asked["maintenance_id"], asked.by.name, asked.reason)
    return Done(refusal=f"{ended.detail}.") if isinstance(ended, QuietRefused) else Done(f"{ended.id} is over.")


def _kinds(_: Ground, __: Mapping[str, str]) -> Mapping[str, str]:
    return {"planned": "planned", "emergency": "emergency"}


QUIET_ACTS = (
    Act(
        name="silence.add",
        needs="operator",
        label="Silence",
        title="Tell nobody of something for a while?",
        confirm="Silence it",
        fields=(MATCHERS, Field(name="minutes", label="For how many minutes", kind="number", initial="60")),
        look=look_silence,
        perform=silence,
        harms=True,
    ),
    Act(
        name="silence.expire",
        needs="operator",
        label="End the silence",
        title="End {silence_id}?",
        confirm="End it",
        fields=(Field(name="silence_id"),),
        look=look_expire,
        perform=expire,
    ),
    Act(
        name="maintenance.announce",
        needs="operator",
        label="Announce maintenance",
        title="Announce work that people need not be told of",
        confirm="Announce it",
        fields=(
            Field(name="kind", label="Kind", kind="choice", initial="planned", choices=_kinds),
            Field(name="in_minutes", label="Begins in how many minutes", kind="number", initial="2880"),
            Field(name="minutes", label="Lasts how many minutes", kind="number", initial="60"),
            Field(
                name="matchers",
                label="What it is about",
                kind="text",
                hint="Empty for everything; every part must hold, with blanks between: family=sla region=us-east-1",
                optional=True,
            ),
        ),
        look=look_announce,
        perform=announce,
        harms=True,
    ),
    Act(
        name="maintenance.end",
        needs="operator",
        label="End maintenance",
        title="End {maintenance_id}?",
        confirm="End it",
        fields=(Field(name="maintenance_id"),),
        look=look_end,
        perform=end,
    ),
)
