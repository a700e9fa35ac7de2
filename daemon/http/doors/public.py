"""The doors through which people tell the outside: see what is proposed, write words and letters, say yes or no."""

from http import HTTPStatus
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.doors import door
from daemon.public.desk import LetterDraft, PublicRefusal, PublicRefused
from daemon.public.parts import PublicParts
from daemon.view.shape import SystemView
from remediation.public.state import LetterState, Standing, UpdateState

TEXT_LENGTH_MAX = 2_000
LISTED_MAX = 200


class UpdateWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """phase: empty for where it stands. text: one's own words; empty for those of its kind."""

    phase: str = ""
    text: str = ""


class LetterWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """kind: of the communication, empty for that of the incident. detail: for the placeholder of this name."""

    letter: str
    kind: str = ""
    detail: str = ""


class PublicAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """reason: needed to refuse; the journal keeps it."""

    answer: Literal["approve", "refuse"]
    reason: str = ""


class WordsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Words for the page, or a letter. what: which of the two. name: its phase, or its letter. to: the audience.

    by: who proposed it; answered_by: who approved or refused it. sent, failed: of how many contacts.
    """

    id: str
    what: Literal["update", "letter"]
    subject_id: str
    kind: str
    name: str
    to: str
    title: str
    text: str
    standing: Standing
    by: str
    at_ms: int
    answered_by: str
    why: str
    contacts: int
    sent: int
    failed: int


class WordsList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; what waits for a person before all others."""

    words: list[WordsDocument]


class DraftList(msgspec.Struct, frozen=True, kw_only=True):
    """Every letter of a kind, as it would be sent now."""

    drafts: list[LetterDraft]


class PublicDoor:
    """The handlers; the caller's name is the actor in the journal. parts: None where the outside is told nothing."""

    def __init__(self, view: SystemView, parts: PublicParts | None) -> None:
        self._view = view
        self._held = parts

    @property
    def _parts(self) -> PublicParts:
        return door.held(self._held, "The outside is told nothing from here.")

    async def page(self, request: Request) -> Response:
        """What the status page says now."""
        del request
        page = self._parts.page
        if page is None:
            raise door.Refused(HTTPStatus.NOT_FOUND, "No status page is kept; see enabled in status-page.yaml.")
        return door.answer(page.document())

    async def list(self, request: Request) -> Response:
        """What is proposed, published and sent."""
        del request
        book = self._view.state().public
        found = [words_document(one) for one in book.updates.values()]
        found += [words_document(one) for one in book.letters.values()]
        found.sort(key=lambda one: (one.standing is not Standing.WAITING, -one.at_ms))
        return door.answer(WordsList(words=found[:LISTED_MAX]))

    async def drafts(self, request: Request) -> Response:
        """Every letter as it would be sent; nothing is written."""
        asked = request.query_params
        found = self._parts.desk.drafts(_subject(request), asked.get("kind", ""), _short(asked.get("detail", "")))
        if isinstance(found, PublicRefused):
            raise _refused(found)
        return door.answer(DraftList(drafts=found))

    async def communicate(self, request: Request) -> Response:
        """201 with the letter that waits for another person."""
        wish, caller = await door.body_as(request, LetterWish), door.caller(request).name
        found = await self._parts.desk.communicate(
            _subject(request), wish.letter, caller, wish.kind, _short(wish.detail)
        )
        if isinstance(found, PublicRefused):
            raise _refused(found)
        return door.answer(words_document(found), HTTPStatus.CREATED)

    async def update(self, request: Request) -> Response:
        """201 with the words that wait for another person."""
        wish, caller = await door.body_as(request, UpdateWish), door.caller(request).name
        found = await self._parts.desk.update(_subject(request), wish.phase, _short(wish.text), caller)
        if isinstance(found, PublicRefused):
            raise _refused(found)
        return door.answer(words_document(found), HTTPStatus.CREATED)

    async def answer(self, request: Request) -> Response:
        """200 with the words after the answer."""
        wish = await door.body_as(request, PublicAnswer)
        approve = wish.answer == "approve"
        why = _short(wish.reason) if approve else door.reason_of(wish.reason)
        caller = door.caller(request).name
        found = await self._parts.desk.answer(request.path_params["words_id"], caller, approve=approve, why=why)
        if isinstance(found, PublicRefused):
            raise _refused(found)
        return door.answer(words_document(found))


def words_document(one: UpdateState | LetterState) -> WordsDocument:
    """Either of the two as people see it; addresses are in neither."""
    is_update = isinstance(one, UpdateState)
    return WordsDocument(
        id=one.id,
        what="update" if is_update else "letter",
        subject_id=one.said.subject_id,
        kind=one.said.kind,
        name=one.said.phase if isinstance(one, UpdateState) else one.said.letter,
        to="" if isinstance(one, UpdateState) else one.said.audience,
        title=one.said.title if isinstance(one, UpdateState) else one.said.subject,
        text=one.said.text if isinstance(one, UpdateState) else one.said.body,
        standing=one.standing,
        by=one.by,
        at_ms=one.at_ms,
        answered_by=one.answered_by,
        why=one.why,
        contacts=0 if isinstance(one, UpdateState) else len(one.contacts),
        sent=0 if isinstance(one, UpdateState) else len(one.sent),
        failed=0 if isinstance(one, UpdateState) else len(one.failed),
    )


def _subject(request: Request) -> str:
    name: str = request.path_params["incident_id"]
    return name


def _short(text: str) -> str:
    if len(text) > TEXT_LENGTH_MAX:
        detail = f"The text has at most {TEXT_LENGTH_MAX} characters."
        raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return text.strip()


def _refused(no: PublicRefused) -> door.Refused:
    return door.Refused(_STATUS_BY_REFUSAL.get(no.refusal, HTTPStatus.CONFLICT), f"{no.detail}.")


_STATUS_BY_REFUSAL = {
    PublicRefusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    PublicRefusal.NO_KIND: HTTPStatus.NOT_FOUND,
    PublicRefusal.NO_LETTER: HTTPStatus.NOT_FOUND,
    PublicRefusal.UNFIT: HTTPStatus.UNPROCESSABLE_ENTITY,
    PublicRefusal.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
}
