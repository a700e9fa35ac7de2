"""Lets the payment cores hold what they recorded against what the rail says, now; fails where the two disagree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from daemon.errors import DaemonError, NotAsked
from daemon.probes.core_client import Reconciliation, ReleaseReconciliation
from daemon.probes.places import place_of
from remediation.errors import WorldUnreachable


class ReconcilingCore(Protocol):
    """A payment core that can ask its rail. Raises NotAsked or CoreUnreachable."""

    async def reconciliation(self) -> Reconciliation:
        """The newest payments of each release."""


@dataclass(frozen=True, slots=True)
class RailLook:
    """agrees: false where a record contradicts the rail, and where no core of a region can be asked."""

    agrees: bool
    detail: str


class RecordsAgainstRail:
    """Asks the cores of each region until one tells: those of a region share their records.

    cores: by their names in the settings. home: the region of those whose name has none.
    """

    def __init__(self, cores: Mapping[str, ReconcilingCore], home: str) -> None:
        self._regions: dict[str, dict[str, ReconcilingCore]] = {}
        for name, core in cores.items():
            place = place_of(name, home)
            self._regions.setdefault(place.region, {})[place.environment] = core

    async def look(self, doubted: str = "") -> RailLook:
        """What they come to. doubted: the environment whose word is taken last. Raises WorldUnreachable.

        That is raised while no core of a region answers.
        """
        releases: list[ReleaseReconciliation] = []
        for region, cores in self._regions.items():
            told = await _told(region, [cores[name] for name in sorted(cores, key=lambda name: name == doubted)])
            if isinstance(told, str):
                return RailLook(agrees=False, detail=f"payments in {region} were not held against the rail: {told}")
            releases += told.releases
        if not self._regions:
            return RailLook(agrees=False, detail="payments were not held against the rail: no core is known")
        return _summed(releases)


async def _told(region: str, cores: list[ReconcilingCore]) -> Reconciliation | str:
    """What the first says that can; why none may be asked otherwise."""
    unreachable, refused = "", ""
    for core in cores:
        try:
            return await core.reconciliation()
        except NotAsked as fault:
            refused = str(fault)
        except DaemonError as fault:
            unreachable = str(fault)
    if unreachable:
        raise WorldUnreachable(f"No core in {region} held its payments against the rail: {unreachable}")
    return refused


def _summed(releases: list[ReleaseReconciliation]) -> RailLook:
    wrong = [one for one in releases if one.mismatched]
    if wrong:
        named = ", ".join(
            f"{one.mismatched} of {one.version} on {one.environment} in {one.region} (such as {one.example})"
            for one in wrong
        )
        return RailLook(agrees=False, detail=f"payments contradict the rail: {named}")
    examined, unknown = sum(one.examined for one in releases), sum(one.unknown for one in releases)
    doubt = f", of {unknown} it does not know yet" if unknown else ""
    return RailLook(agrees=True, detail=f"the rail contradicts none of the {examined} newest payments{doubt}")
