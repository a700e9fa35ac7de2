"""What people do to flags from the console."""

from collections.abc import Mapping

from daemon.flags.parts import FlagParts
from daemon.flags.wishes import FlagRefusal, FlagRefused, Wish
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Look, Perform, Preview, Unusable
from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange

ABOUT = (Field(name="flag"),)
LOOKING = "looked at from the console"
"""The reason of a dry run, which is written nowhere."""


def _parts(ground: Ground) -> FlagParts:
    parts = ground.options.flags
    if parts is None:
        raise Unusable("No flags are kept here.")
    return parts


def _wish(what: FlagChange, asked: Asked, reason: str) -> Wish:
    steps = asked.values.get("steps", "")
    percents = [part.strip() for part in steps.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= len("100") for part in percents):
        raise Unusable("steps are percents with commas between, such as 5,25,100.")
    variant = asked.values.get("variant", "")
    return Wish(
        what=what,
        reason=reason,
        variant=variant if variant else None,
        steps=tuple(int(part) for part in percents),
    )


def _look(what: FlagChange) -> Look:
    async def look(ground: Ground, asked: Asked) -> Preview:
        parts, flag = _parts(ground), asked["flag"]
        found = await parts.desk.ask(flag, _wish(what, asked, LOOKING), asked.by.name, dry_run=True)
        if isinstance(found, FlagRefused):
            return Preview(refusal=f"{found.detail}.")
        state = parts.desk.book.of(flag)
        bound = (str(state.set_at_ms), str(0 if state.killed is None else state.killed.at_ms))
        if not found.changed:
            return Preview(refusal=f"{flag} is killed already: it serves {found.detail}.", bound=bound)
        return Preview(
            would=(f"{flag} {found.detail}.", "Every payment core serves it as soon as it hears of it."),
            asks=_asks(parts, what, flag),
            bound=bound,
        )

    return look


def _asks(parts: FlagParts, what: FlagChange, flag: str) -> str:
    if what is FlagChange.KILL or not parts.desk.is_critical(flag):
        return ""
    return "it is critical: without another person's yes you put the question to them, and do it once they agreed"


def _perform(what: FlagChange) -> Perform:
    async def perform(ground: Ground, asked: Asked) -> Done:
        flag = asked["flag"]
        found = await _parts(ground).desk.ask(flag, _wish(what, asked, asked.reason), asked.by.name)
        if isinstance(found, FlagRefused):
            waits = found.refusal is FlagRefusal.NEEDS_APPROVAL
            return Done(words=f"Asked: {found.detail}.") if waits else Done(refusal=f"{found.detail}.")
        return Done(f"{flag} serves {found.detail}; version {found.version} of the document says so.")

    return perform


def _variants(ground: Ground, told: Mapping[str, str]) -> Mapping[str, str]:
    document = flags_of(_parts(ground).desk.book).get(told.get("flag", ""), {})
    return {name: name for name in document.get("variants", {})}


VARIANT = Field(name="variant", label="Variant", kind="choice", choices=_variants)


def _act(what: FlagChange, label: str, title: str, *fields: Field, harms: bool = False) -> Act:
    return Act(
        name=f"flag.{what}",
        needs="operator",
        label=label,
        title=title,
        confirm=label,
        fields=(*ABOUT, *fields),
        look=_look(what),
        perform=_perform(what),
        harms=harms,
    )


FLAG_ACTS = (
    _act(FlagChange.KILL, "Kill", "Kill {flag}, so that everybody gets its safe default?", harms=True),
    _act(FlagChange.REVIVE, "Revive", "Let {flag} serve again what it is set to?"),
    _act(FlagChange.SET, "Set", "Set {flag} for everybody?", VARIANT, harms=True),
    _act(
        FlagChange.RAMP,
        "Ramp",
        "Ramp {flag} to a variant, step by step?",
        VARIANT,
        Field(
            name="steps",
            label="Steps in percent",
            kind="text",
            hint="Such as 5,25,100; empty for those of flags.yaml",
            optional=True,
        ),
    ),
    _act(FlagChange.REVERT, "Revert", "Take the last change of {flag} back?"),
)
