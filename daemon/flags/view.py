"""What the daemon knows of flags right now, as rows for the API, the console and the command line."""

import msgspec

from daemon.flags.desk import served_words
from daemon.flags.followers import Follower
from daemon.flags.parts import FlagParts
from daemon.flags.publisher import PublisherStatus
from remediation.flags.checked import safe_default_of
from remediation.flags.document import Document, flags_of
from remediation.flags.model import FlagChange, Ramp
from remediation.flags.ramping import Move
from remediation.flags.state import ChangeMade, FlagState, Killed
from remediation.flags.words import setting_words


class FlagRow(msgspec.Struct, frozen=True, kw_only=True):
    """One flag. default_variant: in the document. serves: now, in words; safe_default: while it is killed.

    changed_at_ms, changed_by, reason: of the last change; 0 and empty for a flag that is as the document says.
    ramp_waits: what its ramp waits for; empty without one. targeted: whether the document has a rule for it.
    """

    key: str
    description: str
    owner: str
    critical: bool
    state: str
    variants: list[str]
    default_variant: str
    safe_default: str
    targeted: bool
    serves: str
    killed: Killed | None
    ramp: Ramp | None
    ramp_waits: str
    version: int
    changed_at_ms: int
    changed_by: str
    reason: str


class FlagList(msgspec.Struct, frozen=True, kw_only=True):
    """All flags by name. version: of the document that every process should serve; digest: of ``flags.json``.

    processes: that reported in the last hour. lagging, silent, straying: their names. publisher: how the broker is
    reached. refused: why a changed ``flags.json`` is not in effect; empty when it is.
    """

    version: int
    changed_at_ms: int
    digest: str
    flags: list[FlagRow]
    processes: list[Follower]
    lagging: list[str]
    silent: list[str]
    straying: list[str]
    publisher: PublisherStatus
    refused: str


class FlagDocument(FlagRow, frozen=True, kw_only=True):
    """One flag with its definition: the document's, and what is set in its place."""

    definition: Document
    targeting: Document | None


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a flag. void: the flag was killed, so nothing came of it. serves: what was wanted, in words."""

    version: int
    at_ms: int
    by: str
    what: FlagChange
    reason: str
    serves: str
    void: bool


class FlagHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The newest changes of a flag, newest first; the journal keeps them all."""

    flag: str
    changes: list[ChangeRow]


def flag_list(parts: FlagParts, now_ms: int) -> FlagList:
    """Everything at a glance."""
    book = parts.changes.book
    rows = parts.followers.rows(book.version, now_ms)
    return FlagList(
        version=book.version,
        changed_at_ms=book.changed_at_ms,
        digest=book.digest,
        flags=[flag_row(parts, key) for key in sorted(flags_of(book))],
        processes=rows,
        lagging=[one.report.process for one in rows if one.live and one.lags],
        silent=[one.report.process for one in rows if not one.live],
        straying=[one.report.process for one in rows if one.live and one.strays],
        publisher=parts.publisher.status,
        refused=parts.health.refused,
    )


def flag_row(parts: FlagParts, key: str) -> FlagRow:
    """One flag of the document."""
    return FlagRow(**_fields(parts, key))


def flag_document(parts: FlagParts, key: str) -> FlagDocument:
    """One flag of the document, with its rules."""
    definition = flags_of(parts.changes.book)[key]
    setting = parts.changes.book.of(key).setting
    own = None if setting is None or not setting.targeting else msgspec.json.decode(setting.targeting, type=Document)
    return FlagDocument(**_fields(parts, key), definition=definition, targeting=own)


def flag_history(parts: FlagParts, key: str) -> FlagHistory:
    """What was done to a flag, by whom and why."""
    history = parts.changes.book.of(key).history
    return FlagHistory(flag=key, changes=[_change_row(one) for one in reversed(history)])


def _fields(parts: FlagParts, key: str) -> Document:
    book = parts.changes.book
    definition, state = flags_of(book)[key], book.of(key)
    metadata = definition.get("metadata", {})
    last = state.history[-1] if state.history else None
    return {
        "key": key,
        "description": str(metadata.get("description", "")),
        "owner": str(metadata.get("owner", "")),
        "critical": parts.desk.is_critical(key),
        "state": str(definition.get("state", "")),
        "variants": list(definition["variants"]),
        "default_variant": str(definition.get("defaultVariant", "")),
        "safe_default": safe_default_of(definition),
        "targeted": bool(definition.get("targeting")),
        "serves": served_words(state, definition),
        "killed": state.killed,
        "ramp": state.ramp,
        "ramp_waits": _ramp_waits(state, parts.ramps.moves.get(key)),
        "version": 0 if last is None else last.version,
        "changed_at_ms": 0 if last is None else last.at_ms,
        "changed_by": "" if last is None else last.by,
        "reason": "" if last is None else last.reason,
    }


def _ramp_waits(state: FlagState, move: Move | None) -> str:
    if state.ramp is None:
        return ""
    if state.killed is not None:
        return "it stands still while the flag is killed, and goes on from there when it is revived"
    return "" if move is None else str(getattr(move, "detail", ""))


def _change_row(one: ChangeMade) -> ChangeRow:
    keeps = one.what in {FlagChange.KILL, FlagChange.REVIVE}
    return ChangeRow(
        version=one.version,
        at_ms=one.at_ms,
        by=one.by,
        what=one.what,
        reason=one.reason,
        serves="" if keeps else setting_words(one.setting),
        void=one.void,
    )
