"""Folds what the journal says about telling the outside; what is said twice changes nothing."""

from typing import assert_never

from msgspec.structs import replace

from remediation.bounded import bounded
from remediation.journal.entry import Entry
from remediation.journal.public_kinds import (
    CommunicationAnswered,
    CommunicationBegun,
    CommunicationFailed,
    CommunicationProposed,
    CommunicationSent,
    PublicBody,
    StatusAnswered,
    StatusProposed,
)
from remediation.public.state import LETTERS_MAX, UPDATES_MAX, LetterState, PublicBook, Standing, UpdateState

_OVER = frozenset({Standing.REJECTED, Standing.DONE, Standing.FAILED})


def with_public(book: PublicBook, entry: Entry, body: PublicBody) -> PublicBook:
    """What is known after one more entry."""
    match body:
        case StatusProposed():
            name = f"upd-{entry.sequence}"
            if body.replaces:
                book = _answered(book, entry, StatusAnswered(update_id=body.replaces, publish=False, why=body.why))
            return _put_update(
                book, UpdateState(id=name, said=body, by=entry.actor, at_ms=entry.at_ms, seal=entry.hash)
            )
        case StatusAnswered():
            return _answered(book, entry, body)
        case CommunicationProposed():
            letter = LetterState(id=f"com-{entry.sequence}", said=body, by=entry.actor, at_ms=entry.at_ms)
            before = book.letters.get(body.replaces)
            if before is not None:
                no = CommunicationAnswered(communication_id=before.id, send=False, why=body.why)
                book = _put_letter(book, _letter_after(before, entry, no))
            known = book.letter_of(letter.key)
            again = known is None or known.standing is Standing.REJECTED
            return _put_letter(book, letter) if again else book
        case CommunicationAnswered() | CommunicationBegun() | CommunicationSent() | CommunicationFailed():
            found = book.letters.get(body.communication_id)
            return book if found is None else _put_letter(book, _letter_after(found, entry, body))
        case _:
            assert_never(body)


def _answered(book: PublicBook, entry: Entry, body: StatusAnswered) -> PublicBook:
    known = book.updates.get(body.update_id)
    if known is None or known.standing is not Standing.WAITING:
        return book
    standing = Standing.DONE if body.publish else Standing.REJECTED
    answered = replace(known, standing=standing, answered_by=entry.actor, answered_at_ms=entry.at_ms, why=body.why)
    return _put_update(book, answered)


def _letter_after(
    letter: LetterState,
    entry: Entry,
    body: CommunicationAnswered | CommunicationBegun | CommunicationSent | CommunicationFailed,
) -> LetterState:
    if isinstance(body, CommunicationAnswered):
        if letter.standing is not Standing.WAITING:
            return letter
        standing = Standing.OPEN if body.send else Standing.REJECTED
        answered = replace(letter, standing=standing, answered_by=entry.actor, answered_at_ms=entry.at_ms)
        return replace(answered, why=body.why, contacts=body.contacts)
    if body.contact in letter.sent or letter.standing in {Standing.WAITING, Standing.REJECTED}:
        return letter
    return _handed(letter, body)


def _handed(letter: LetterState, body: CommunicationBegun | CommunicationSent | CommunicationFailed) -> LetterState:
    failed = tuple(one for one in letter.failed if one != body.contact)
    match body:
        case CommunicationBegun():
            return replace(letter, begun=(*(one for one in letter.begun if one != body.contact), body.contact))
        case CommunicationSent():
            # Also one that was given up: it was on its way.
            return _settled(replace(letter, sent=(*letter.sent, body.contact), failed=failed, detail=body.detail))
        case CommunicationFailed():
            told = replace(letter, detail=f"{body.channel}: {body.why}")
            return _settled(replace(told, failed=(*failed, body.contact))) if body.final else told
        case _:
            assert_never(body)


def _settled(letter: LetterState) -> LetterState:
    if letter.left:
        return letter
    return replace(letter, standing=Standing.FAILED if letter.failed else Standing.DONE)


def _put_update(book: PublicBook, update: UpdateState) -> PublicBook:
    kept = bounded({**book.updates, update.id: update}, UPDATES_MAX, lambda one: one.standing in _OVER)
    return replace(book, updates=kept)


def _put_letter(book: PublicBook, letter: LetterState) -> PublicBook:
    kept = bounded({**book.letters, letter.id: letter}, LETTERS_MAX, lambda one: one.standing in _OVER)
    return replace(book, letters=kept)
