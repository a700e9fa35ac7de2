"""Folds the journal's entries about flags: a kill wins over everything until it is taken back."""

import msgspec
from msgspec.structs import replace

from remediation.bounded import bounded
from remediation.flags.model import FlagChange
from remediation.flags.state import FLAGS_MAX, HISTORY_MAX, ChangeMade, FlagBook, FlagState, Killed
from remediation.journal.entry import Entry
from remediation.journal.flag_kinds import FlagBody, FlagChanged, FlagDocument

NOTHING = msgspec.Raw(b"null")


def with_flags(book: FlagBook, entry: Entry, body: FlagBody) -> FlagBook:
    """What is known after one more entry; each one is a later version, also one that changes nothing that is served."""
    if isinstance(body, FlagDocument):
        return replace(
            book, version=entry.sequence, changed_at_ms=entry.at_ms, document=body.document, digest=body.digest
        )
    changed = _changed(book.of(body.flag), entry, body)
    kept = bounded({**book.flags, body.flag: changed}, FLAGS_MAX, _untouched)
    return replace(book, version=entry.sequence, changed_at_ms=entry.at_ms, flags=kept)


def as_if(book: FlagBook, body: FlagBody) -> FlagBook:
    """The book, if this were said now: to look at what would be served before it is said."""
    entry = Entry(
        sequence=book.version + 1, epoch=0, at_ms=0, kind="", actor="", body=NOTHING, previous_hash="", hash=""
    )
    return with_flags(book, entry, body)


def _untouched(flag: FlagState) -> bool:
    return flag.setting is None and flag.killed is None


def _changed(flag: FlagState, entry: Entry, body: FlagChanged) -> FlagState:
    void = flag.killed is not None and body.what is not FlagChange.REVIVE
    made = ChangeMade(
        version=entry.sequence,
        at_ms=entry.at_ms,
        by=entry.actor,
        what=body.what,
        reason=body.reason,
        key=body.key,
        setting=body.setting,
        void=void,
    )
    flag = replace(flag, history=(*flag.history, made)[-HISTORY_MAX:])
    if void:
        # Whoever wanted it did not know of the kill; what is revived is what was killed.
        return flag
    match body.what:
        case FlagChange.KILL:
            return replace(flag, killed=Killed(by=entry.actor, at_ms=entry.at_ms, reason=body.reason))
        case FlagChange.REVIVE:
            return replace(flag, killed=None)
        case FlagChange.REVERT:
            return replace(flag, setting=body.setting, set_at_ms=entry.at_ms, before=None, revertible=False)
        case FlagChange.SET | FlagChange.RAMP | FlagChange.FINISH:
            before = flag.before if _goes_on(flag, body) else flag.setting
            return replace(flag, setting=body.setting, set_at_ms=entry.at_ms, before=before, revertible=True)


def _goes_on(flag: FlagState, body: FlagChanged) -> bool:
    """Whether it is a further step of the ramp that is under way, or its end."""
    if flag.ramp is None:
        return False
    if body.what is FlagChange.FINISH:
        return True
    ramp = None if body.setting is None else body.setting.ramp
    return ramp is not None and ramp.plan.id == flag.ramp.plan.id
