"""What may be done with each flag at this moment; a reload puts other words in its place."""

from config.flags import FlagPolicy, Flags
from remediation.aiming.flag import FLAGS_KILL
from remediation.flags.document import Document, flags_of
from remediation.flags.state import FlagBook
from remediation.state import ActionState


class FlagPolicies:
    """The newest ``flags.yaml``."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    def follow(self, flags: Flags) -> None:
        """Go by these from now on."""
        self._flags = flags

    @property
    def emergency(self) -> tuple[str, ...]:
        """The flags that an emergency rollback kills where the release has none of its own."""
        return self._flags.emergency

    def of(self, flag: str) -> FlagPolicy:
        """What may be done with one flag."""
        return self._flags.of(flag)

    def is_critical(self, flag: str, document: Document) -> bool:
        """Whether another person has to agree to changes: where ``flags.yaml`` or the document says so."""
        return self.of(flag).critical or document.get("metadata", {}).get("critical") is True

    def revived_elsewhere(self, one: ActionState, book: FlagBook) -> str:
        """Why an automatic kill is not simply undone: a critical flag asks another person; empty for anything else."""
        flag = one.arguments.get("flag", "")
        if one.action != FLAGS_KILL or not self.is_critical(flag, flags_of(book).get(flag, {})):
            return ""
        return f"{flag} is critical: `tillwatch flags revive {flag}` asks another person, and then takes the kill back"
