"""What people do to capacity from the console."""

from daemon.amounts import money
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Preview, Unusable, number_of
from daemon.scaling.desk import LASTS_MS_MAX, Answer, ScalingDesk
from daemon.scaling.desk import Asked as Units
from remediation.scaling.model import ScalingDecision

MINUTE_MS = 60_000
UNITS_MAX = 100_000
MICRODOLLARS_PER_CENT = 10_000
LOOKING = "looked at from the console"
"""The reason of a dry run, which is written nowhere."""
PLACE = Field(name="place")


def _desk(ground: Ground) -> ScalingDesk:
    desk = ground.options.scaling
    if desk is None:
        raise Unusable("No capacity is looked after from here.")
    return desk


def _units(asked: Asked, reason: str, *, dry_run: bool) -> Units:
    if "units" not in asked.values:
        return Units(units=None, lasts_ms=MINUTE_MS, reason=reason, dry_run=dry_run)
    lasts_ms = number_of(asked, "minutes", 1, LASTS_MS_MAX // MINUTE_MS) * MINUTE_MS
    return Units(units=number_of(asked, "units", 0, UNITS_MAX), lasts_ms=lasts_ms, reason=reason, dry_run=dry_run)


async def look(ground: Ground, asked: Asked) -> Preview:
    """How many there would be, and what an hour of it costs."""
    answer = await _desk(ground).set(asked["place"], _units(asked, LOOKING, dry_run=True), asked.by.name)
    if answer.refusal is not None:
        return Preview(refusal=f"{answer.detail}.")
    decision = answer.decision
    if decision is None:
        return Preview(would=(f"{answer.detail}.",))
    now = "unknown" if decision.current is None else str(decision.current)
    # What load is like moves all the time, so only the units are what somebody says yes to.
    return Preview(
        would=(f"It has {now} now, and would have {decision.target}.",), notes=(f"{answer.detail}.", _cost(decision))
    )


def _cost(decision: ScalingDecision) -> str:
    before, after = decision.hourly_before_microdollars, decision.hourly_after_microdollars
    return f"An hour costs {_dollars(before)} now, and {_dollars(after)} then."


def _dollars(microdollars: int) -> str:
    return money(microdollars // MICRODOLLARS_PER_CENT)


async def perform(ground: Ground, asked: Asked) -> Done:
    """Set so many, or let load decide again."""
    answer: Answer = await _desk(ground).set(asked["place"], _units(asked, asked.reason, dry_run=False), asked.by.name)
    return Done(f"{answer.detail}.") if answer.refusal is None else Done(refusal=f"{answer.detail}.")


CAPACITY_ACTS = (
    Act(
        name="scale.set",
        needs="operator",
        label="Set units",
        title="How many units of {place}?",
        confirm="Set them",
        fields=(
            PLACE,
            Field(name="units", label="Units", kind="number"),
            Field(name="minutes", label="For how many minutes", kind="number", initial="60"),
        ),
        look=look,
        perform=perform,
        harms=True,
    ),
    Act(
        name="scale.release",
        needs="operator",
        label="Let load decide",
        title="Let load decide on {place} again?",
        confirm="Let load decide",
        fields=(PLACE,),
        look=look,
        perform=perform,
    ),
)
