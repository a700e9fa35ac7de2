"""Errors as RFC 9457 problem documents, for every status that this server answers."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.headers import SECURITY_HEADERS

log = structlog.get_logger()

PROBLEM_TYPE = "application/problem+json"


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. type: always ``about:blank``, so title is the status phrase. detail: what to do about it."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    instance: str = ""


def problem(status: int, detail: str = "", *, instance: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document; its title is the phrase of the status."""
    document = ProblemDocument(title=HTTPStatus(status).phrase, status=status, detail=detail, instance=instance)
    return Response(msgspec.json.encode(document), status, headers, PROBLEM_TYPE)


async def on_http_exception(request: Request, fault: Exception) -> Response:
    """Turn what the router raises (404, 405) into a problem document."""
    if not isinstance(fault, HTTPException):
        return await on_fault(request, fault)
    detail = fault.detail
    if fault.status_code == HTTPStatus.NOT_FOUND:
        detail = "Nothing is at this address: /console is for people, /api/v1/openapi.json lists what is for programs."
    elif fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED and fault.headers:
        detail = f"This address takes {fault.headers['Allow']}."
    return problem(fault.status_code, detail, instance=request.url.path, headers=fault.headers)


async def on_fault(request: Request, fault: Exception) -> Response:
    """Answer 500 without telling the caller what broke; the log has it."""
    log.error("request failed", action="http_fault", path=request.url.path, fault=type(fault).__name__)
    # This answer is made outside of the middleware that adds the headers to all others.
    return problem(500, "The daemon's log says what broke.", instance=request.url.path, headers=SECURITY_HEADERS)
