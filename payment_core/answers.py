"""Answers as the bytes that are stored with an operation and replayed, and problem documents (RFC 9457)."""

from enum import StrEnum

import msgspec

PROBLEM_PREFIX = "urn:tillwatch:problem:"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """status: HTTP. body: JSON; a problem document from 400 on. replayed: it was stored before."""

    status: int
    body: bytes
    replayed: bool = False


class FieldError(msgspec.Struct, frozen=True):
    """path: the JSON path of what is wrong, for example ``$.amount.amount_cents``."""

    path: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document. The members after ``errors`` are extensions of single problem types.

    resource: the object as it is now, where that helps the caller. code: the decline or error code.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[FieldError, ...] = ()
    code: str = ""
    resource_id: str = ""
    resource: msgspec.Raw | None = None


class Explanation(msgspec.Struct, frozen=True):
    """What a refusal is to a caller: a title, an HTTP status and one sentence that says what to do."""

    title: str
    status: int
    detail: str


def problem(kind: str, explanation: Explanation, instance: str) -> Problem:
    """A problem of this kind, without extensions."""
    return Problem(
        type=PROBLEM_PREFIX + kind.replace("_", "-"),
        title=explanation.title,
        status=explanation.status,
        detail=explanation.detail,
        instance=instance,
    )


def encode_problem(document: Problem) -> Answer:
    """The problem as an answer with its status."""
    return Answer(document.status, msgspec.json.encode(document))


def with_secret(answer: Answer | StrEnum, secret: str) -> Answer | StrEnum:
    """The answer with a secret that is in the first one alone; what is stored for a replay is without it."""
    if not isinstance(answer, Answer) or answer.replayed:
        return answer
    view = msgspec.json.decode(answer.body)
    view["secret"] = secret
    return Answer(answer.status, msgspec.json.encode(view))


def ok(view: msgspec.Struct, status: int = 200) -> Answer:
    """What was asked for."""
    return Answer(status, msgspec.json.encode(view))
