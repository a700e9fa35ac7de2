"""Gives a component as many units as were decided on, absolutely, and tells three of six from six of six."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from remediation.aiming.capacity import SCALE_IN, SCALE_OUT
from remediation.errors import WorldRefused
from remediation.ports import Capacity, Look, Preflight, Scalable


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A component that can be scaled, and what holds it.

    least, most: units that configuration allows it at this moment. settles_seconds: how long new units may take until
    they serve, or old ones until they have drained. needed: units that the requests of this moment need, None when
    nobody can tell. changing: which deployment is changing it, or empty.
    """

    scalable: Scalable
    least: Callable[[], int]
    most: Callable[[], int]
    settles_seconds: Callable[[], float]
    needed: Callable[[], Awaitable[int | None]]
    changing: Callable[[], str]


class Scale:
    """The actions ``scale.out``, ``scale.in`` and ``scale.set``: one for each name, the rest is the same.

    Arguments: region, component; units, as a whole number. components: by ``region/component``, as they are at this
    moment. A scale-out never takes units away and a scale-in never adds any, whatever others did since it was decided.
    """

    def __init__(self, direction: str, components: Callable[[], Mapping[str, Scaled]]) -> None:
        self._direction = direction
        self._components = components

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before holds what was asked for last."""
        place = place_of(arguments)
        one = self._components().get(place)
        if one is None:
            known = ", ".join(sorted(self._components()))
            return Preflight(refusal=f"{place} is no component of scaling.yaml, which has {known if known else 'none'}")
        units, capacity = int(arguments["units"]), await one.scalable.read()
        # Also with a refusal: whoever takes it back looks whether this is again as it was.
        before = {**_place(arguments), "units": str(capacity.desired)}
        refusal = _outside(one, place, units) or _overtaken(self._direction, capacity, units)
        if not refusal and _is_there(capacity, units):
            return Preflight(already_done=True, before=before)
        refusal = refusal or await _unsafe(one, capacity, units)
        return Preflight(refusal=refusal, before=before)

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._of(arguments).scalable.set(int(arguments["units"]), key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when so many are asked for, and as many serve."""
        capacity, units = await self._of(arguments).scalable.read(), int(arguments["units"])
        return Look(in_effect=_is_there(capacity, units), detail=_shown(capacity, units))

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; refuses what configuration no longer allows, and what is changed by a deployment."""
        one, units = self._of(before), int(before["units"])
        refusal = _outside(one, place_of(before), units) or await _unsafe(one, await one.scalable.read(), units)
        if refusal:
            raise WorldRefused(refusal)
        await one.scalable.set(units, key)

    def settles_seconds(self, arguments: Mapping[str, str]) -> float:
        """See TakesItsTime."""
        one = self._components().get(place_of(arguments))
        return 0.0 if one is None else one.settles_seconds()

    def _of(self, arguments: Mapping[str, str]) -> Scaled:
        one = self._components().get(place_of(arguments))
        if one is None:
            raise WorldRefused(f"{place_of(arguments)} is no component of scaling.yaml.")
        return one


def place_of(arguments: Mapping[str, str]) -> str:
    """The component as ``region/component``."""
    return f"{arguments['region']}/{arguments['component']}"


def _place(arguments: Mapping[str, str]) -> dict[str, str]:
    return {"region": arguments["region"], "component": arguments["component"]}


def _is_there(capacity: Capacity, units: int) -> bool:
    """Whether it has exactly so many, and they serve; of what grows by itself, at least so many."""
    if capacity.desired != units:
        return False
    return capacity.in_service >= units if capacity.grows_by_itself else capacity.in_service == units


def _shown(capacity: Capacity, units: int) -> str:
    asked = f", {capacity.desired} are asked for" if capacity.desired != units else ""
    said = f": {capacity.said}" if capacity.said and not _is_there(capacity, units) else ""
    return f"{capacity.in_service} of {units} in service{asked}{said}"


def _outside(one: Scaled, place: str, units: int) -> str:
    if units > one.most():
        return f"{units} units are above the max of {place}, {one.most()} at this moment (scaling.yaml)"
    if units < one.least():
        return f"{units} units are below the min of {place}, {one.least()} (scaling.yaml)"
    return ""


def _overtaken(direction: str, capacity: Capacity, units: int) -> str:
    """Why the direction no longer leads to so many units."""
    if direction == SCALE_OUT and capacity.desired > units:
        return f"it was given {capacity.desired} units meanwhile, and a scale-out takes none away"
    if direction == SCALE_IN and capacity.desired < units:
        return f"it was left {capacity.desired} units meanwhile, and a scale-in adds none"
    return ""


async def _unsafe(one: Scaled, capacity: Capacity, units: int) -> str:
    """Why it must not have so many units now, or nothing."""
    deployment = one.changing()
    if deployment:
        return f"{deployment} is changing it; it is scaled when that step has ended"
    if capacity.quota is not None and units > max(capacity.quota, capacity.desired):
        return f"the account's quota is {capacity.quota}, {units} are wanted; ask AWS for more"
    if units >= capacity.desired:
        return ""
    needed = await one.needed()
    if needed is None:
        return "it is not known what it is working on, so nothing is taken away"
    if units < needed:
        return f"the requests under way need {needed} units, {units} would be left"
    return ""
