"""``tillwatch scale set``: so many units by hand, for a while, or load decides again."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from config.model import Duration
from daemon.cli.asking_daemon import ask, confirmed, name_of
from daemon.cli.options import DryRun, Force, Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, print_json, say
from daemon.scaling.documents import ScalingDocument, UnitsAnswer, UnitsWish
from remediation.decisions import IN_EFFECT
from remediation.scaling.needs import dollars

AUTO = "auto"
SCALING_SECONDS = 600.0
"""The daemon answers when the units serve, or their time is over: minutes, where machines start."""


def set_(
    component: Annotated[str, typer.Argument(help="Such as core, or us-east-1/core where several regions have one.")],
    units: Annotated[str, typer.Argument(help="How many there are to be, absolutely; auto lets load decide again.")],
    reason: Reason,
    for_: Annotated[str, typer.Option("--for", help="How long it holds, such as 30m; a week at most.")] = "1h",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    url: Url = "",
    token: Token = "",
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Set a component's units, through every guard that holds for people.

    Exit 0 when they are seen to serve, 1 when it is refused or not all of them do.
    """
    wish = _wish(units, reason, for_, dry_run=dry_run)
    place = _place(component, url, token)
    if not dry_run:
        wanted = f"{units} units" if wish.units is not None else "what its load asks for"
        wish = _with_skipped(wish, confirmed(f"Give {place} {wanted}?", force=force))
    found: UnitsAnswer = ask("POST", url, token, f"scaling/{place}", UnitsAnswer, wish, SCALING_SECONDS)
    if as_json:
        print_json(found)
    else:
        _tell(found, place)
    if found.outcome is not None and found.outcome.status not in IN_EFFECT:
        fail("it was not seen to be so", Exit.NO)


def _wish(units: str, reason: str, for_: str, *, dry_run: bool) -> UnitsWish:
    if units != AUTO and not (units.isascii() and units.isdigit()):
        fail(f"{units!r:.20} is no number of units\n  fix: write a whole number, or {AUTO}", Exit.BAD_INPUT)
    try:
        seconds: float = TypeAdapter(Duration).validate_python(for_)
    except ValidationError:
        fail(f"{for_!r:.20} is no length of time\n  fix: write something like 30m or 4h", Exit.BAD_INPUT)
    number = None if units == AUTO else int(units)
    return UnitsWish(reason=reason, units=number, lasts_ms=round(seconds * 1000), dry_run=dry_run)


def _with_skipped(wish: UnitsWish, skipped: list[str]) -> UnitsWish:
    return UnitsWish(
        reason=wish.reason, units=wish.units, lasts_ms=wish.lasts_ms, dry_run=wish.dry_run, skipped=tuple(skipped)
    )


def _place(component: str, url: str, token: str) -> str:
    """``region/component``; the region may be left out where only one has such a component."""
    region, slash, name = component.rpartition("/")
    if slash:
        return f"{name_of(region, 'a region')}/{name_of(name, 'a component')}"
    known: ScalingDocument = ask("GET", url, token, "scaling", ScalingDocument)
    places = [one.place for one in known.components if one.component == name_of(name, "a component")]
    if len(places) != 1:
        there = ", ".join(one.place for one in known.components)
        shown = there if there else "those in scaling.yaml; none is looked at now"
        what = f"several regions have a component {name}" if places else f"there is no component {name}"
        fail(f"{what}\n  fix: name one of {shown}", Exit.NO)
    return places[0]


def _tell(found: UnitsAnswer, place: str) -> None:
    if found.decision is not None:
        before, after = found.decision.hourly_before_microdollars, found.decision.hourly_after_microdollars
        would = "would be" if found.dry_run else "is"
        current = "unknown" if found.decision.current is None else found.decision.current
        say(
            f"{place} {would} {current} -> {found.decision.target} units, {dollars(before)} -> {dollars(after)} an hour"
        )
    if found.outcome is not None:
        say(f"{found.outcome.action} on {found.outcome.target}: {found.outcome.status.value}: {found.detail}")
    else:
        say(found.detail)
