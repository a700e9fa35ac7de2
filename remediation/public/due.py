"""What is due about telling the outside at this moment, as journal entries to write."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.public.communication import INCIDENT_PHASES, MAINTENANCE_PHASES, Letter
from config.public.reading import Public
from remediation.journal.public_kinds import (
    CommunicationAnswered,
    CommunicationProposed,
    Phase,
    PublicBody,
    StatusAnswered,
    StatusProposed,
)
from remediation.public.state import LetterState, Standing, UpdateState
from remediation.public.subjects import Subject, subjects
from remediation.public.wording import letter_of, missing, update_of, values_of
from remediation.state import State

RECENT_MS = 7 * 86_400_000
"""What ended before that is not told any more, whatever was left to say."""
OVERTAKEN = "overtaken: it stands at {phase} now"
UNTOLD = "it was over before anybody approved a word of it"


def due(state: State, public: Public, now_ms: int) -> tuple[PublicBody, ...]:
    """At most one entry for each subject; ask again once they are written.

    As with pages nothing here remembers anything: what was proposed, published and approved is in the journal.
    """
    if not public.page.enabled and not public.page.audiences:
        return ()
    updates = state.public.updates_by_subject()
    letters = {one.key: one for one in state.public.letters.values()}
    told = updates.keys() | {one.said.subject_id for one in letters.values()}
    found = (
        _of_subject(one, _Told(tuple(updates.get(one.id, ())), letters), public, now_ms)
        for one in subjects(state, public, now_ms, told)
    )
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _Told:
    """updates: of the subject, oldest first. letters: the newest of each key, of all subjects."""

    updates: tuple[UpdateState, ...]
    letters: Mapping[tuple[str, str, str], LetterState]


def contacts_of(public: Public, audience: str) -> tuple[str, ...]:
    """Where the addresses of an audience stand; none when nobody is named."""
    named = public.page.audiences.get(audience)
    return () if named is None else tuple(f"{audience}/{index}" for index in range(len(named.contacts)))


def _of_subject(subject: Subject, told: _Told, public: Public, now_ms: int) -> PublicBody | None:
    if not told.updates and not _is_to_tell(subject, public, now_ms):
        return None
    if subject.ended_at_ms and now_ms - subject.ended_at_ms > RECENT_MS:
        return None
    if public.page.enabled:
        entry = _of_updates(subject, told.updates, public)
        if entry is not None:
            return entry
    return _of_letters(subject, told, public)


def _is_to_tell(subject: Subject, public: Public, now_ms: int) -> bool:
    """Whether the outside is to begin to hear of it: it lasts, it is grave enough, and it is not over."""
    if subject.phase in {"resolved", "completed"} or subject.is_quiet:
        return False
    if not subject.severity:
        return True
    return subject.severity in public.page.severities and now_ms - subject.known_since_ms >= public.page.after * 1000


def _of_updates(subject: Subject, updates: tuple[UpdateState, ...], public: Public) -> PublicBody | None:
    waiting = [one for one in updates if one.standing is Standing.WAITING]
    for one in waiting:
        if _is_overtaken(one, subject):
            why = OVERTAKEN.format(phase=subject.phase) if _was_told(updates) or not subject.ended_at_ms else UNTOLD
            return StatusAnswered(update_id=one.id, publish=False, why=why)
    proposed = _next_update(subject, updates, public)
    if proposed is not None:
        return proposed
    told = public.communication(subject.kind)
    if told is None or told.publish != "automatic" or not _is_automatic(subject, public):
        return None
    # What a person wrote waits for another person, whatever its kind says.
    own = next((one for one in waiting if one.by == "daemon"), None)
    return None if own is None else StatusAnswered(update_id=own.id, publish=True, why=_by_itself(subject))


def _next_update(subject: Subject, updates: tuple[UpdateState, ...], public: Public) -> StatusProposed | None:
    """Words for where it stands now, once; forward alone, but when it opened again."""
    last = updates[-1].said.phase if updates else None
    if last == subject.phase:
        return None
    if last is not None and not _is_after(subject.phase, last) and last != "resolved":
        return None
    if subject.phase in {"resolved", "completed"} and not _was_told(updates):
        return None
    return update_of(subject, public)


def _of_letters(subject: Subject, told: _Told, public: Public) -> CommunicationProposed | CommunicationAnswered | None:
    kind = public.communication(subject.kind)
    for letter in () if kind is None else kind.letters:
        known = told.letters.get((subject.id, subject.kind, letter.name))
        contacts = contacts_of(public, letter.audience)
        if not contacts:
            continue
        if known is None:
            if _is_due(subject, letter, told.updates, public):
                return letter_of(subject, letter, public)
        elif (
            known.standing is Standing.WAITING
            and known.by == "daemon"
            and letter.send == "automatic"
            and _is_automatic(subject, public)
        ):
            return CommunicationAnswered(
                communication_id=known.id, send=True, why=_by_itself(subject), contacts=contacts
            )
    return None


def _is_due(subject: Subject, letter: Letter, updates: tuple[UpdateState, ...], public: Public) -> bool:
    """Whether its phase is reached, and what it names is known. The end is told to nobody who did not hear of more."""
    if letter.phase is None or missing(subject, letter, values_of(subject, public)):
        return False
    if letter.phase == subject.phase:
        return not subject.ended_at_ms or subject.phase not in {"resolved", "completed"} or _was_told(updates)
    over = subject.phase in {"resolved", "completed"}
    return not over and _is_after(subject.phase, letter.phase)


def _is_overtaken(update: UpdateState, subject: Subject) -> bool:
    """Whether nobody should read it any more: the daemon's words for a phase that is past."""
    return update.by == "daemon" and update.said.phase != subject.phase and _is_after(subject.phase, update.said.phase)


def _was_told(updates: tuple[UpdateState, ...]) -> bool:
    return any(one.standing is Standing.DONE for one in updates)


def _is_automatic(subject: Subject, public: Public) -> bool:
    return not subject.severity or subject.severity in public.page.automatic


def _by_itself(subject: Subject) -> str:
    return f"automatic for {subject.severity}" if subject.severity else "automatic for announced maintenance"


def _is_after(phase: Phase, other: Phase) -> bool:
    return next(_places(phase, other), False)


def _places(phase: Phase, other: Phase) -> Iterator[bool]:
    for order in (INCIDENT_PHASES, MAINTENANCE_PHASES):
        if phase in order and other in order:
            yield order.index(phase) > order.index(other)
