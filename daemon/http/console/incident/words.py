"""The rows of words for the outside: what waits for a person, what was told, and what nobody will read; pure."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from daemon.http.words.wording import Moment, moment, words
from remediation.public.state import LetterState, PublicBook, Standing, UpdateState

ACTS = ("communication.approve", "communication.rewrite", "communication.refuse")
"""What people may do to words that wait."""


@dataclass(frozen=True, slots=True)
class WordsRow:
    """Words for the page, or a letter. what: which, and for whom. reached: of how many contacts; empty for the page.

    answered: who said yes or no, and why; empty while they wait.
    """

    id: str
    what: str
    subject_id: str
    heading: str
    text: str
    state: str
    tone: str
    proposed: str
    at: Moment
    answered: str
    reached: str
    acts: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Whether a person has to say something."""
        return bool(self.acts)


def words_of(book: PublicBook, subjects: Container[str]) -> list[UpdateState | LetterState]:
    """What was to be said of any of these, newest first."""
    found: list[UpdateState | LetterState] = [*book.updates.values(), *book.letters.values()]
    return sorted((one for one in found if one.said.subject_id in subjects), key=lambda one: -one.at_ms)


def words_rows(found: Iterable[UpdateState | LetterState], now_ms: int) -> tuple[WordsRow, ...]:
    """In their order."""
    return tuple(_row(one, now_ms) for one in found)


def _row(one: UpdateState | LetterState, now_ms: int) -> WordsRow:
    is_update = isinstance(one, UpdateState)
    state, tone = _state(one)
    return WordsRow(
        id=one.id,
        what=f"status page, {words(one.said.phase)}" if isinstance(one, UpdateState) else _letter_words(one),
        subject_id=one.said.subject_id,
        heading=one.said.title if isinstance(one, UpdateState) else one.said.subject,
        text=one.said.text if isinstance(one, UpdateState) else one.said.body,
        state=state,
        tone=tone,
        proposed=one.by,
        at=moment(one.at_ms, now_ms),
        answered=_answered(one, now_ms),
        reached="" if is_update else _reached(one),
        acts=ACTS if one.standing is Standing.WAITING else (),
    )


def _letter_words(one: LetterState) -> str:
    return f"letter {one.said.letter} to {one.said.audience}"


def _state(one: UpdateState | LetterState) -> tuple[str, str]:
    told = "published" if isinstance(one, UpdateState) else "sent"
    return {
        Standing.WAITING: ("waits for a person", "pending"),
        Standing.REJECTED: ("not told", "no_data"),
        Standing.OPEN: ("on its way", "pending"),
        Standing.DONE: (told, "cleared"),
        Standing.FAILED: ("not delivered to all", "breached"),
    }[one.standing]


def _answered(one: UpdateState | LetterState, now_ms: int) -> str:
    if not one.answered_by:
        return ""
    said = "not to be told" if one.standing is Standing.REJECTED else "approved"
    why = f": {one.why}" if one.why else ""
    return f"{said} by {one.answered_by} at {moment(one.answered_at_ms, now_ms).text}{why}"


def _reached(one: UpdateState | LetterState) -> str:
    if isinstance(one, UpdateState) or not one.contacts:
        return ""
    never = f", {len(one.failed)} never will" if one.failed else ""
    fault = f" ({one.detail})" if one.detail and (one.failed or one.left) else ""
    return f"{len(one.sent)} of {len(one.contacts)} have it{never}{fault}"
