"""Holds every payment: the core accepts and keeps them, and gives nothing to any rail until a person ends it."""

from collections.abc import Mapping

from remediation.ports import Holding, Look, Preflight

HOLDING, NORMAL = "holding", "normal"
MODES = frozenset({HOLDING, NORMAL})


class KillSwitch:
    """The action ``kill.switch``. Arguments: reason. Nothing is lost by it: what waits is sent once when it ends."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding

    async def preflight(self, _arguments: Mapping[str, str]) -> Preflight:
        """See Action; refuses a mode that it does not know."""
        mode = await self._holding.mode()
        if mode not in MODES:
            return Preflight(refusal=f"the payment core is in a mode that is not known here: {mode!r:.40}")
        return Preflight(already_done=mode == HOLDING, before={"mode": mode})

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._holding.set_mode(HOLDING, arguments["reason"], key)

    async def verify(self, _arguments: Mapping[str, str]) -> Look:
        """See Action."""
        mode = await self._holding.mode()
        return Look(in_effect=mode == HOLDING, detail=f"the payment core is in {mode} mode")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._holding.set_mode(before["mode"], "the automatic hold is taken back", key)
