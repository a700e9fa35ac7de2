"""One action in several regions: the argument ``region`` says in which of them."""

from collections.abc import Mapping

from msgspec.structs import replace

from remediation.errors import WorldRefused
from remediation.ports import Action, Look, Preflight

REGION = "region"


class ByRegion:
    """Hands each call to the action of its region. A region without one is refused: it is never done elsewhere."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = dict(actions)

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; before also holds the region."""
        region = arguments.get(REGION, "")
        if region not in self._actions:
            return Preflight(refusal=f"{region!r} is no region whose traffic is known here")
        preflight = await self._actions[region].preflight(arguments)
        if not preflight.before:
            return preflight
        return replace(preflight, before={**preflight.before, REGION: region})

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._of(arguments).apply(arguments, key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action."""
        return await self._of(arguments).verify(arguments)

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action."""
        restored = {name: value for name, value in before.items() if name != REGION}
        await self._of(before).reverse(restored, key)

    def _of(self, arguments: Mapping[str, str]) -> Action:
        region = arguments.get(REGION, "")
        if region not in self._actions:
            raise WorldRefused(f"{region!r} is no region whose traffic is known here.")
        return self._actions[region]
