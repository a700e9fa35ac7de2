"""What changing a flag needs of the world: a journal that takes it, and processes that report what they serve."""

from typing import Protocol

import msgspec

from remediation.flags.state import FlagBook
from remediation.journal.flag_kinds import FlagChanged


class Propagation(msgspec.Struct, frozen=True, kw_only=True):
    """How far a version has come. serving: processes that report it or a newer one; lagging: that report an older one.

    silent: processes that reported lately and say nothing now; what they serve is not known. straying: that report a
    version which our journal has not reached, so that they ignore ours. Each list is of names.
    """

    version: int
    serving: tuple[str, ...] = ()
    lagging: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    straying: tuple[str, ...] = ()

    @property
    def is_everywhere(self) -> bool:
        """Whether every process is known to serve it; without any process nothing is known."""
        return bool(self.serving) and not self.lagging and not self.silent and not self.straying

    @property
    def words(self) -> str:
        """How far it has come, as one sentence without its end."""
        if not self.serving and not self.lagging and not self.silent and not self.straying:
            return f"no process reports what it serves, so version {self.version} is not seen anywhere"
        parts = [f"{len(self.serving)} processes serve version {self.version} or newer"]
        parts += [f"{', '.join(self.lagging)} serve an older one"] if self.lagging else []
        parts += [f"{', '.join(self.straying)} follow another journal"] if self.straying else []
        parts += [f"{', '.join(self.silent)} say nothing"] if self.silent else []
        return "; ".join(parts)


class Flags(Protocol):
    """The flags as they are changed and served."""

    @property
    def book(self) -> FlagBook:
        """What the journal says of them."""

    async def change(self, change: FlagChanged) -> None:
        """Record the change and have it published; nothing for one whose key was recorded before.

        Raises WorldRefused when what would be served could not be read by a process.
        """

    async def propagation(self, version: int) -> Propagation:
        """Who serves this version by now. Raises WorldUnreachable when nobody can be asked."""
