"""Who may see a number or destroy a key, what for and how often; everything else is refused with its reason."""

from collections import OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

import msgspec

from payment_core.clock import Clock
from payment_core.vault.errors import VaultError

REASON_CHARACTERS_MAX = 500
ACTORS_MAX = 1_000
"""Actors whose reading is remembered, more than read at once; who read longest ago is forgotten first."""

PANES = 60
"""A window is counted in so many panes, so that what is remembered does not grow with the limit."""


class Purpose(StrEnum):
    """What a number is wanted for."""

    AUTHORIZATION = "authorization"
    PAYOUT_FILE = "payout_file"
    DISPUTE = "dispute"
    EXPORT = "export"


class Refusal(StrEnum):
    """Why a number stays hidden, or a key stays, in order of precedence."""

    ACTOR_MISSING = "actor_missing"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    PURPOSE_NOT_ALLOWED = "purpose_not_allowed"
    REASON_MISSING = "reason_missing"
    REASON_TOO_LONG = "reason_too_long"
    RATE_EXCEEDED = "rate_exceeded"


class AccessRefused(VaultError):
    """The vault did not do what was asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(sentence(refusal))
        self.refusal = refusal

    @property
    def retryable(self) -> bool:
        """Only when it was asked for too often."""
        return self.refusal is Refusal.RATE_EXCEEDED


class Grant(msgspec.Struct, frozen=True):
    """What a role may see: at most ``limit`` numbers per actor within ``window_ms``, a multiple of 60 ms.

    A window is measured to a sixtieth, rounded up: nobody reads more than the limit in any such time.
    destroys: whether the role may destroy data keys, as many in that time; such a role need not see any number.
    """

    purposes: frozenset[Purpose]
    limit: int
    window_ms: int
    destroys: bool = False


DEFAULT_GRANTS: Mapping[str, Grant] = {
    "card_rail": Grant(frozenset({Purpose.AUTHORIZATION}), 60_000, 60_000),
    "ach_files": Grant(frozenset({Purpose.PAYOUT_FILE}), 60_000, 60_000),
    "dispute_desk": Grant(frozenset({Purpose.DISPUTE}), 20, 3_600_000),
    "vault_exporter": Grant(frozenset({Purpose.EXPORT}), 6_000, 60_000),
    "key_custodian": Grant(frozenset(), 1_000, 3_600_000, destroys=True),
}
"""Machines: 1,000 a second, more than one process pays; a person: what one hour's disputes need.
A custodian retires the data keys of a month at once: one an hour for each process.

The windows are those of one process: with N processes an actor who reaches all of them reads N times as much.
"""


class VaultAct(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the audit trail. target: a token or a data key's id. outcome: ``granted`` or why not.

    role and purpose are empty where none is needed. reason is masked: people paste card numbers into such fields.
    """

    at_ms: int
    action: str
    target: str
    actor: str
    role: str
    purpose: str
    reason: str
    outcome: str


class AccessPolicy:
    """Decides from role, purpose, reason and the actor's recent reading; nothing is allowed unless granted."""

    def __init__(self, grants: Mapping[str, Grant], clock: Clock) -> None:
        self._grants = grants
        self._clock = clock
        self._recent: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()

    def refusal(  # noqa: PLR0911  # one line for each refusal, in order of precedence
        self, *, actor: str, role: str, purpose: Purpose | None, reason: str
    ) -> Refusal | None:
        """The first reason to refuse, or None, which counts as one number read. purpose: None to destroy a key."""
        if actor.strip() == "":
            return Refusal.ACTOR_MISSING
        grant = self._grants.get(role)
        if grant is None:
            return Refusal.ROLE_NOT_ALLOWED
        if not (grant.destroys if purpose is None else purpose in grant.purposes):
            return Refusal.PURPOSE_NOT_ALLOWED
        if reason.strip() == "":
            return Refusal.REASON_MISSING
        if len(reason) > REASON_CHARACTERS_MAX:
            return Refusal.REASON_TOO_LONG
        if not self._has_room((role, actor), grant):
            return Refusal.RATE_EXCEEDED
        return None

    def _has_room(self, reader: tuple[str, str], grant: Grant) -> bool:
        pane = int(self._clock.monotonic_ms()) // (grant.window_ms // PANES)
        counts = self._recent.get(reader)
        if counts is None:
            if len(self._recent) >= ACTORS_MAX:
                self._recent.popitem(last=False)
            counts = self._recent[reader] = {}
        for old in [kept for kept in counts if kept < pane - PANES]:
            del counts[old]
        if sum(counts.values()) >= grant.limit:
            return False
        counts[pane] = counts.get(pane, 0) + 1
        self._recent.move_to_end(reader)
        return True


def sentence(refusal: Refusal) -> str:
    """What to tell whoever asked."""
    match refusal:
        case Refusal.ACTOR_MISSING:
            return "It is not said who asks."
        case Refusal.ROLE_NOT_ALLOWED:
            return "The vault has no such role."
        case Refusal.PURPOSE_NOT_ALLOWED:
            return "This role may not do that."
        case Refusal.REASON_MISSING:
            return "A reason is needed."
        case Refusal.REASON_TOO_LONG:
            return f"The reason is longer than {REASON_CHARACTERS_MAX} characters."
        case Refusal.RATE_EXCEEDED:
            return "This actor has asked for too much in a short time; wait."
        case _:
            assert_never(refusal)
