"""All flags as the journal has them: the document, what each is set to in place of it, and what is killed."""

import msgspec

from remediation.flags.model import FlagChange, Ramp, Setting

FLAGS_MAX = 500
"""Flags that were ever changed; untouched ones go first."""
HISTORY_MAX = 50
"""Changes of one flag in memory; the journal keeps them all."""


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """A flag serves its safe default, whatever else is said of it. by: ``daemon`` or a person."""

    by: str
    at_ms: int
    reason: str


class ChangeMade(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a flag. version: the entry's sequence. void: the flag was killed, so that nothing came of it."""

    version: int
    at_ms: int
    by: str
    what: FlagChange
    reason: str
    key: str
    setting: Setting | None = None
    void: bool = False


class FlagState(msgspec.Struct, frozen=True, kw_only=True):
    """One flag. setting: None is as the document says. set_at_ms: since when, which is a ramp's step, too; 0: always.

    before: what revert goes back to: the setting before the last change, or before the ramp. revertible: whether there
    is anything to go back to. killed: None while it lives; the setting stays as it was until it is revived.
    history: oldest first.
    """

    setting: Setting | None = None
    set_at_ms: int = 0
    before: Setting | None = None
    revertible: bool = False
    killed: Killed | None = None
    history: tuple[ChangeMade, ...] = ()

    @property
    def ramp(self) -> Ramp | None:
        """The ramp that is under way, also while the flag is killed."""
        return None if self.setting is None else self.setting.ramp


class FlagBook(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about flags. version: the sequence of the newest entry that changed it, 0 before the first.

    document: ``flags.json`` as it was last taken over, as JSON text; digest: its SHA-256. flags: those that were ever
    changed, by name.
    """

    version: int = 0
    changed_at_ms: int = 0
    document: str = ""
    digest: str = ""
    flags: dict[str, FlagState] = {}

    def of(self, flag: str) -> FlagState:
        """What is known of this flag; one that was never changed is as the document says."""
        return self.flags.get(flag, FlagState())

    @property
    def killed(self) -> tuple[str, ...]:
        """The flags that are killed, by name."""
        return tuple(sorted(name for name, flag in self.flags.items() if flag.killed is not None))

    @property
    def ramps(self) -> dict[str, Ramp]:
        """The ramps that are under way, by flag; none of a killed one."""
        alive = ((name, flag.ramp) for name, flag in self.flags.items() if flag.killed is None)
        return {name: ramp for name, ramp in alive if ramp is not None}

    def made_by(self, flag: str, key: str) -> ChangeMade | None:
        """The change of this flag that was made under this key."""
        return next((one for one in self.of(flag).history if one.key == key), None)
