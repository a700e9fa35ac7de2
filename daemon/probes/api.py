"""The API as somebody without a key meets it: a public route, the shape of errors, and TLS where it is configured."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import msgspec

from daemon.errors import CoreUnreachable
from daemon.probes.core_client import PublicAnswer
from daemon.probes.looking import Asked, Look, Observed, everywhere

PUBLIC = "/openapi.json"
GUARDED = "/v1/payments"
NOWHERE = "/v1/health/nowhere"
PROBLEM_TYPE = "application/problem+json"
TLS_NEEDED = "TLSv1.3"
"""PCI DSS 4.2.1 asks for strong cryptography, the owner for TLS 1.3."""

_OK, _UNAUTHORIZED, _NOT_FOUND = 200, 401, 404


class PublicDoor(Protocol):
    """An address of the API. Raises CoreUnreachable."""

    @property
    def url(self) -> str:
        """Where it answers."""

    async def as_stranger(self, path: str) -> PublicAnswer:
        """What somebody without an API key is answered."""


class _Problem(msgspec.Struct, frozen=True):
    """What RFC 9457 asks of a problem document, and this product of its own."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


class _Description(msgspec.Struct, frozen=True):
    openapi: str
    paths: dict[str, msgspec.Raw]


def look_at_api(cores: Mapping[str, PublicDoor]) -> Look:
    """The worst of all addresses that answer; unhealthy when none does."""

    async def look() -> Observed:
        return everywhere(await asyncio.gather(*(_address(environment, core) for environment, core in cores.items())))

    return look


async def _address(environment: str, core: PublicDoor) -> Asked:
    try:
        described = await core.as_stranger(PUBLIC)
        refused = await core.as_stranger(GUARDED)
        unknown = await core.as_stranger(NOWHERE)
    except CoreUnreachable as fault:
        return Asked(environment, Observed("unhealthy", str(fault)), away=True)
    found = [
        *_described(described),
        *_problem(refused, GUARDED, _UNAUTHORIZED),
        *_problem(unknown, NOWHERE, _NOT_FOUND),
        *_secured(core.url, described),
    ]
    if refused.status_code == _UNAUTHORIZED and "Bearer" not in refused.challenge:
        found.append(f"{GUARDED} does not say how to authenticate")
    if found:
        return Asked(environment, Observed("unhealthy", found[0], tuple(found)))
    how = described.tls_version if described.tls_version else "no TLS configured"
    return Asked(environment, Observed("healthy", f"public route, 401 and 404 are as documented, {how}"))


def _described(answer: PublicAnswer) -> list[str]:
    if answer.status_code != _OK:
        return [f"{PUBLIC} answered {answer.status_code}"]
    try:
        description = msgspec.json.decode(answer.body, type=_Description)
    except msgspec.MsgspecError:
        return [f"{PUBLIC} is no description"]
    return [] if GUARDED in description.paths else [f"{PUBLIC} does not describe {GUARDED}"]


def _problem(answer: PublicAnswer, path: str, status: int) -> list[str]:
    """What is wrong with a refusal: another status, another media type, or a document without what it must hold."""
    if answer.status_code != status:
        return [f"{path} answered {answer.status_code} to a stranger, not {status}"]
    if answer.media_type != PROBLEM_TYPE:
        return [f"{path} answered an error as {answer.media_type or 'nothing'}, not {PROBLEM_TYPE}"]
    try:
        document = msgspec.json.decode(answer.body, type=_Problem)
    except msgspec.MsgspecError as fault:
        return [f"{path} answered an error that is no problem document: {fault}"]
    return [] if document.status == status else [f"{path} says status {document.status} in the body of a {status}"]


def _secured(url: str, answer: PublicAnswer) -> list[str]:
    if not url.startswith("https://") or answer.tls_version == TLS_NEEDED:
        return []
    return [f"{url} speaks {answer.tls_version or 'an unknown version of TLS'}, not {TLS_NEEDED}"]
