"""Reads the forms of the console: bounded, and only with the token of the session that they were made for."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request

from daemon.http.body import BodyTooLarge, read_body
from daemon.http.doors.door import Refused
from daemon.http.sessions.book import Session

CSRF_FIELD = "csrf"
FORM_LIMIT_BYTES = 16_384
OWN_FORM_LIMIT_BYTES = 65_536
"""Of somebody who is signed in: words for the outside, in a script of which each letter takes nine bytes, and more."""
FIELDS_MAX = 32


async def fields_of(request: Request, limit_bytes: int = FORM_LIMIT_BYTES) -> dict[str, str]:
    """The fields of a form that needs no session; of two with one name the last. Raises Refused."""
    try:
        body = await read_body(request, limit_bytes)
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except BodyTooLarge:
        detail = f"A form has at most {limit_bytes} bytes."
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None
    except ValueError as fault:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"The form cannot be read: {fault}.") from fault
    return dict(pairs)


async def own_fields_of(request: Request) -> tuple[Session, dict[str, str]]:
    """The fields of a form that the console made for this session, and the session. Raises Refused with 403.

    OWASP's synchronizer token: it is random, of this session alone, and never in an address, a cookie or a log.
    """
    session: Session | None = request.state.session
    if session is None:
        detail = "The console's forms need a session; with a bearer token use /api/v1."
        raise Refused(HTTPStatus.FORBIDDEN, detail)
    fields = await fields_of(request, OWN_FORM_LIMIT_BYTES)
    if not session.takes(fields.pop(CSRF_FIELD, "")):
        detail = "The form was not made for this session, so nothing was done; load the page again."
        raise Refused(HTTPStatus.FORBIDDEN, detail)
    return session, fields
