"""Finds the flag that a finding is to change and what it serves then, or says why there is nothing to change; pure."""

import msgspec
from msgspec.structs import replace

from checks.findings import Finding
from remediation.aiming.release import Miss
from remediation.decisions import Reason
from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange, Setting
from remediation.flags.state import FlagBook, FlagState
from remediation.flags.words import setting_words

FLAGS_KILL = "flags.kill"
"""The action after which a flag serves its safe default, until a person revives it."""
FLAGS_RAMP = "flags.ramp"
"""The action that takes a ramp one step further. A person began the ramp, so it spends no budget of automation."""
FLAGS_REVERT = "flags.revert"
"""The action that takes the last change of a flag back, and with it a ramp."""
FLAG_ACTIONS = frozenset({FLAGS_KILL, FLAGS_RAMP, FLAGS_REVERT})
PERCENT = "percent"
"""The key under which the finding of a ramp says how far it may go."""


class FlagAim(msgspec.Struct, frozen=True):
    """A flag, and what is done to it. setting: what it serves then; None: as the document says, or killed.

    cools: whether what automation did to the flag before keeps it from this for a while. The step of a ramp does not,
    neither from the next one nor from the way back; a kill that a person took back does.
    """

    flag: str
    what: FlagChange
    setting: Setting | None
    cools: bool

    @property
    def target(self) -> str:
        """What cool-downs and the journal call it."""
        return target_of(self.flag)


def way_of(aim: FlagAim) -> str:
    """What is done, in words that follow the numbers."""
    match aim.what:
        case FlagChange.KILL:
            return f"kills {aim.flag}, so that everybody gets its safe default"
        case FlagChange.REVERT:
            return f"takes {aim.flag} back to {setting_words(aim.setting)}"
        case _:
            return f"ramps {aim.flag} to {setting_words(aim.setting)}"


def target_of(flag: str) -> str:
    """What locks, cool-downs and the journal call a flag."""
    return f"flag:{flag}"


def flag_to_change(action: str, finding: Finding, book: FlagBook) -> FlagAim | Miss:
    """What one of FLAG_ACTIONS does to the finding's flag. Misses: NO_SUBJECT, IN_EFFECT."""
    flag = finding.flag
    if flag not in flags_of(book):
        named = f"there is no flag {flag!r} in the document" if flag else "it names no flag"
        return Miss(Reason.NO_SUBJECT, named)
    state = book.of(flag)
    if state.killed is not None:
        return Miss(Reason.IN_EFFECT, f"{flag} is killed already ({state.killed.reason}), until a person revives it")
    if action == FLAGS_KILL:
        return FlagAim(flag, FlagChange.KILL, None, cools=_was_revived(state))
    if action == FLAGS_REVERT:
        if not state.revertible:
            return Miss(Reason.NO_SUBJECT, f"no change of {flag} is there to be taken back")
        return FlagAim(flag, FlagChange.REVERT, state.before, cools=state.ramp is None)
    return _step(flag, state, finding.key.get(PERCENT, ""))


def _step(flag: str, state: FlagState, wanted: str) -> FlagAim | Miss:
    setting, ramp = state.setting, state.ramp
    if setting is None or ramp is None or not wanted.isdecimal():
        return Miss(Reason.NO_SUBJECT, f"no ramp of {flag} is under way")
    if int(wanted) <= ramp.percent:
        return Miss(Reason.IN_EFFECT, f"the ramp of {flag} is at {ramp.percent} % already")
    further = replace(setting, ramp=replace(ramp, percent=int(wanted)))
    return FlagAim(flag, FlagChange.RAMP, further, cools=False)


def _was_revived(state: FlagState) -> bool:
    return bool(state.history) and state.history[-1].what is FlagChange.REVIVE
