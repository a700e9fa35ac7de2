"""Takes another action back: restores what that one found, if the world is as it left it."""

from collections.abc import Mapping

from remediation.ports import Action, Look, Preflight, TakesItsTime


class Reversal:
    """An action that restores what another one found. arguments are those of the action that is taken back.

    Refuses when the world is not as that action left it: somebody else changed it since, and theirs is not undone.
    Refuses when nothing was kept of what that action found.
    """

    def __init__(self, action: Action, before: Mapping[str, str]) -> None:
        self._action = action
        self._before = dict(before)

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action."""
        if not self._before:
            return Preflight(refusal="what it found was no state that can be restored, such as parts that disagreed")
        look = await self._action.verify(arguments)
        if not look.in_effect:
            return Preflight(refusal=f"the world has moved on since: {look.detail}")
        return Preflight(before=self._before)

    async def apply(self, _arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._action.reverse(self._before, key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when the action would find the world as it found it before."""
        found = await self._action.preflight(arguments)
        shown = ", ".join(f"{name} {value}" for name, value in sorted(found.before.items()))
        detail = f"it would find {shown}" if shown else found.refusal
        return Look(in_effect=found.before == self._before, detail=detail if detail else "it is still in effect")

    def settles_seconds(self, arguments: Mapping[str, str]) -> float:
        """See TakesItsTime; as long as the action that is taken back."""
        return self._action.settles_seconds(arguments) if isinstance(self._action, TakesItsTime) else 0.0

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action; what was taken back is not brought again: that is a decision of its own."""
        raise NotImplementedError(f"undo of an undo with {len(before)} values under {key}")
