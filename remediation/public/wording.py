"""Fills the words of a communication in; what is not known by then is said in words, and never as a number."""

from collections.abc import Mapping
from datetime import UTC, datetime

from config.public.communication import Letter
from config.public.placeholders import COUNTED, fields_of
from config.public.reading import Public
from remediation.journal.public_kinds import CommunicationProposed, StatusProposed
from remediation.public.subjects import Subject

_UNKNOWN = "some"
"""In place of a number that nobody counted."""
_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000


def values_of(subject: Subject, public: Public, detail: str = "") -> dict[str, str]:
    """Every placeholder as text. detail: what a person wrote."""
    page = public.page
    names = [one.name for one in page.components if one.id in subject.components]
    return {
        "company": page.company,
        "support": page.support,
        "page": "our status page" if page.url is None else page.url,
        "components": ", ".join(names) if names else "payments",
        "began": moment_words(subject.began_at_ms),
        "ended": moment_words(subject.ended_at_ms),
        "lasted": duration_words(subject.ended_at_ms - subject.began_at_ms),
        "starts": moment_words(subject.began_at_ms),
        "ends": moment_words(subject.ended_at_ms),
        "payments": _count(subject.payments),
        "failed_payments": _count(subject.failed_payments),
        "detail": detail,
    }


def update_of(subject: Subject, public: Public, text: str = "", phase: str = "") -> StatusProposed | None:
    """The words for where the subject stands, or the text that a person wrote; None when its kind says nothing."""
    told = public.communication(subject.kind)
    if told is None:
        return None
    at = subject.phase if not phase else next((one for one in told.updates if one == phase), subject.phase)
    words = text if text else told.updates.get(at, "")
    if not words:
        return None
    values = values_of(subject, public)
    return StatusProposed(
        subject_id=subject.id,
        kind=subject.kind,
        phase=at,
        impact=subject.impact,
        title=told.title.format_map(values),
        text=text if text else words.format_map(values),
        components=subject.components,
        began_at_ms=subject.began_at_ms,
        ended_at_ms=subject.ended_at_ms,
    )


def letter_of(subject: Subject, letter: Letter, public: Public, detail: str = "") -> CommunicationProposed:
    """The letter about the subject, as it would be sent."""
    values = values_of(subject, public, detail)
    return CommunicationProposed(
        subject_id=subject.id,
        kind=subject.kind,
        letter=letter.name,
        audience=letter.audience,
        subject=_in_one_line(letter.subject.format_map(values)),
        body=letter.body.format_map(values),
        failed_payments=subject.failed_payments,
    )


def missing(subject: Subject, letter: Letter, values: Mapping[str, str]) -> tuple[str, ...]:
    """What the letter names and nobody knows yet."""
    names = dict.fromkeys((*fields_of(letter.subject), *fields_of(letter.body)))
    uncounted = subject.failed_payments is None
    return tuple(name for name in names if not values[name] or (name in COUNTED and uncounted))


def moment_words(at_ms: int) -> str:
    """``27 November 2026, 03:42 UTC``; for 0 that it is not known yet."""
    if not at_ms:
        return "a time not known yet"
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def duration_words(span_ms: int) -> str:
    """``2 hours 5 minutes``; the largest two units."""
    if span_ms < _MINUTE_MS:
        return "less than a minute"
    found = []
    for name, unit_ms in (("day", _DAY_MS), ("hour", _HOUR_MS), ("minute", _MINUTE_MS)):
        count, span_ms = divmod(span_ms, unit_ms)
        if count:
            found.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(found[:2])


def _count(number: int | None) -> str:
    return _UNKNOWN if number is None else f"{number:,}"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
