"""What the journal says about telling people: chains, silences and announced maintenance, each list with its limit."""

from typing import Literal

import msgspec

from remediation.escalation.chain import Chain
from remediation.escalation.notices import NoticeState

CHAINS_MAX = 2_400
"""More than there are incidents in memory, so that none of one that is open is forgotten."""
SILENCES_MAX = 500
"""Those that are over go first; more than these in force are refused."""
MAINTENANCES_MAX = 100


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is told of what it matches, from start to end, the end excluded. matchers: all have to hold.

    id: ``sil-`` and the sequence of its entry. expired_at_ms: when a person ended it sooner, 0 when nobody did.
    """

    id: str
    matchers: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int
    comment: str
    by: str
    added_at_ms: int
    expired_at_ms: int = 0

    def holds(self, now_ms: int) -> bool:
        """Whether it is in force."""
        return not self.expired_at_ms and self.starts_at_ms <= now_ms < self.ends_at_ms

    def is_over(self, now_ms: int) -> bool:
        """Whether it will never hold again."""
        return bool(self.expired_at_ms) or now_ms >= self.ends_at_ms


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """Work that was announced. id: ``mnt-`` and the sequence of its entry. matchers: what it is about; none: all.

    ended_at_ms: when a person ended it sooner or took it back, 0 when nobody did.
    """

    id: str
    kind: Literal["emergency", "planned"]
    what: str
    matchers: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int
    by: str
    announced_at_ms: int
    ended_at_ms: int = 0

    def holds(self, now_ms: int) -> bool:
        """Whether it is under way."""
        return not self.ended_at_ms and self.starts_at_ms <= now_ms < self.ends_at_ms

    def is_over(self, now_ms: int) -> bool:
        """Whether it will never be under way again."""
        return bool(self.ended_at_ms) or now_ms >= self.ends_at_ms


class EscalationBook(msgspec.Struct, frozen=True, kw_only=True):
    """chains: by incident. silences, maintenances: by id, oldest first.

    changes_told: by channel, sequence of the newest entry about whose change it was told.
    """

    chains: dict[str, Chain] = {}
    silences: dict[str, Silence] = {}
    maintenances: dict[str, Maintenance] = {}
    changes_told: dict[str, int] = {}

    @property
    def waiting(self) -> tuple[NoticeState, ...]:
        """What is to be sent now, the gravest first, and of equally grave ones what has waited longest."""
        found = [one for chain in self.chains.values() if chain.waits for one in chain.waiting]
        return tuple(sorted(found, key=lambda one: (one.notice.severity, one.since_ms)))
