"""Who serves the newest version of the flags, and which processes do not follow yet."""

from dataclasses import dataclass

from daemon.flags.parts import FlagParts
from daemon.flags.view import FlagList, flag_list
from daemon.http.words.wording import NO_DATA, count

AS_DOCUMENT = "as the document says"
NAMES_MAX = 5
"""Of processes in one line."""


@dataclass(frozen=True, slots=True)
class FlagPanel:
    """followed: who serves the newest version, in words; no data while nobody says. faults: what is not as meant."""

    version: str
    followed: str
    faults: tuple[str, ...]


def flag_panel(parts: FlagParts | None, now_ms: int) -> FlagPanel | None:
    """The panel; None where no flags are kept."""
    if parts is None:
        return None
    found = flag_list(parts, now_ms)
    return FlagPanel(version=count(found.version), followed=_followed(found), faults=_faults(found))


def _followed(found: FlagList) -> str:
    live = [one for one in found.processes if one.live]
    if not live:
        return NO_DATA
    return f"{sum(one.follows for one in live)} of {len(live)} processes serve it"


def _faults(found: FlagList) -> tuple[str, ...]:
    faults = [f"{name} serves an older version" for name in found.lagging[:NAMES_MAX]]
    faults += [f"{name} follows another journal and ignores us" for name in found.straying[:NAMES_MAX]]
    faults += [f"{name} says nothing" for name in found.silent[:NAMES_MAX]]
    hidden = sum(max(0, len(names) - NAMES_MAX) for names in (found.lagging, found.straying, found.silent))
    faults += [f"and {hidden} more"] if hidden else []
    faults += [f"the broker is away: {found.publisher.fault}"] if _broker_away(found) else []
    return (*faults, f"flags.json is not in effect: {found.refused}") if found.refused else tuple(faults)


def _broker_away(found: FlagList) -> bool:
    return found.publisher.broker and not found.publisher.connected
