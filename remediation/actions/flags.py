"""Changes what a flag serves: kills it, takes a ramp further, or takes a change back."""

from collections.abc import Mapping

import msgspec

from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange, Setting, setting_from, written
from remediation.flags.ports import Flags
from remediation.flags.state import FlagState
from remediation.flags.words import setting_words
from remediation.journal.flag_kinds import FlagChanged
from remediation.ports import Look, Preflight

_NO, _YES = "no", "yes"
_NOTHING_SERVED = "is killed, so nothing that it is set to is served; revive it first"


class _FlagAction:
    """What the three have in common. Arguments: flag, reason, setting as ``remediation.flags.model.written`` has it.

    The effect is an entry of the journal, which is published at once and whenever a process asks; so it is verified
    when every process that lives reports that entry's version, and one that says nothing is named and not assumed.
    """

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    def _seen(self, flag: str) -> FlagState | None:
        """None for a flag that the document does not have."""
        return self._flags.book.of(flag) if flag in flags_of(self._flags.book) else None

    async def _look(self, flag: str, *, so: bool, words: str) -> Look:
        """Whether the flag is so and every process serves it."""
        if not so:
            return Look(in_effect=False, detail=f"{flag}: {words}")
        made = [one.version for one in self._flags.book.of(flag).history if not one.void]
        propagation = await self._flags.propagation(made[-1] if made else self._flags.book.version)
        return Look(in_effect=propagation.is_everywhere, detail=f"{flag}: {words}; {propagation.words}")

    async def _change(self, what: FlagChange, flag: str, reason: str, key: str, setting: Setting | None = None) -> None:
        await self._flags.change(FlagChanged(flag=flag, what=what, reason=reason, key=key, setting=setting))


class FlagKill(_FlagAction):
    """The action ``flags.kill``: the flag's safe default for everybody, until a person revives it."""

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; refuses a flag that the document does not have."""
        flag = arguments["flag"]
        state = self._seen(flag)
        if state is None:
            return Preflight(refusal=f"there is no flag {flag} in the document")
        return Preflight(already_done=state.killed is not None, before=_before(flag, state))

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._change(FlagChange.KILL, arguments["flag"], arguments["reason"], key)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action."""
        flag = arguments["flag"]
        state = self._flags.book.of(flag)
        so = state.killed is not None
        return await self._look(flag, so=so, words="it is killed" if so else "it is not killed")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action."""
        if before["killed"] == _NO and self._flags.book.of(before["flag"]).killed is not None:
            await self._change(FlagChange.REVIVE, before["flag"], "the kill is taken back", key)


class FlagSetting(_FlagAction):
    """The actions ``flags.ramp`` and ``flags.revert``: the flag serves the setting of the arguments."""

    def __init__(self, flags: Flags, what: FlagChange) -> None:
        super().__init__(flags)
        self._what = what

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; refuses a flag that is killed or unknown, and a ramp that somebody ended since."""
        flag = arguments["flag"]
        state = self._seen(flag)
        if state is None:
            return Preflight(refusal=f"there is no flag {flag} in the document")
        if state.killed is not None:
            return Preflight(refusal=f"{flag} {_NOTHING_SERVED}")
        try:
            wanted = setting_from(arguments["setting"])
        except msgspec.DecodeError as fault:
            return Preflight(refusal=f"the setting of {flag} cannot be read: {fault}")
        if state.setting == wanted:
            return Preflight(already_done=True, before=_before(flag, state))
        if self._what is FlagChange.RAMP and not _is_next(state.setting, wanted):
            return Preflight(refusal=f"the ramp of {flag} is not under way any more: {setting_words(state.setting)}")
        return Preflight(before=_before(flag, state))

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        wanted = setting_from(arguments["setting"])
        await self._change(self._what, arguments["flag"], arguments["reason"], key, wanted)

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action."""
        flag = arguments["flag"]
        state = self._flags.book.of(flag)
        so = state.killed is None and state.setting == setting_from(arguments["setting"])
        words = setting_words(state.setting) if state.killed is None else "it is killed"
        return await self._look(flag, so=so, words=words)

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action."""
        setting = setting_from(before["setting"])
        await self._change(FlagChange.SET, before["flag"], "what automation set is taken back", key, setting)


def _before(flag: str, state: FlagState) -> dict[str, str]:
    return {
        "flag": flag,
        "killed": _NO if state.killed is None else _YES,
        "setting": written(state.setting),
    }


def _is_next(now: Setting | None, wanted: Setting | None) -> bool:
    """Whether it is a further step of the very ramp that is under way."""
    if now is None or wanted is None or now.ramp is None or wanted.ramp is None:
        return False
    return now.ramp.plan == wanted.ramp.plan and now.ramp.percent < wanted.ramp.percent
