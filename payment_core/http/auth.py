"""Lets a request in: who asks, whether they may, and whether they ask too often."""

import msgspec

from payment_core.answers import Answer
from payment_core.http import problems
from payment_core.http.asgi import Headers
from payment_core.keys.authenticator import Authenticator, Caller, parse_bearer
from payment_core.keys.refusals import EntryRefusal, entry_sentence
from payment_core.keys.scopes import EVERYTHING

REALM = b'Bearer realm="tillwatch"'


class Turned(msgspec.Struct, frozen=True, gc=False):
    """A request that was turned away, with the headers that say why."""

    answer: Answer
    headers: Headers


class Gate:
    """Asks the authenticator and keeps the limits."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def admit(self, header: bytes | None, scope: str, instance: str, now_ms: float) -> Caller | Turned:
        """The caller, if the key is good and holds the scope; one token of its limit is taken."""
        caller = await self._identify(header, instance)
        if isinstance(caller, Turned):
            return caller
        if caller.bucket is not None and not caller.bucket.take(now_ms):
            return _too_many(caller, instance)
        if scope not in caller.scopes and EVERYTHING not in caller.scopes:
            challenge = REALM + b', error="insufficient_scope", scope="' + scope.encode() + b'"'
            headers: Headers = [(b"www-authenticate", challenge), *rate_headers(caller)]
            return Turned(problems.scope_missing(instance, scope), headers)
        return caller

    async def _identify(self, header: bytes | None, instance: str) -> Caller | Turned:
        digest = parse_bearer(header)
        if isinstance(digest, EntryRefusal):
            return _unknown(digest, instance)
        caller = self._authenticator.known(digest)
        if caller is None:
            if self._authenticator.guessing():
                return _too_many(None, instance)
            caller = await self._authenticator.look_up(digest)
            if caller is None:
                return _unknown(EntryRefusal.API_KEY_UNKNOWN, instance)
        unusable = self._authenticator.unusable(caller)
        return caller if unusable is None else _unknown(unusable, instance)


def rate_headers(caller: Caller) -> Headers:
    """How much of the limit is left (draft-ietf-httpapi-ratelimit-headers); nothing for a caller without one."""
    bucket = caller.bucket
    return [] if bucket is None else [(b"ratelimit-policy", bucket.policy), (b"ratelimit", bucket.state)]


def _unknown(refusal: EntryRefusal, instance: str) -> Turned:
    answer = problems.unauthenticated(instance, refusal.value.replace("_", "-"), entry_sentence(refusal))
    if refusal is EntryRefusal.CREDENTIALS_MISSING:
        return Turned(answer, [(b"www-authenticate", REALM)])
    return Turned(answer, [(b"www-authenticate", REALM + b', error="invalid_token"')])


def _too_many(caller: Caller | None, instance: str) -> Turned:
    if caller is None or caller.bucket is None:
        return Turned(problems.rate_limited(instance, 1), [(b"retry-after", b"1")])
    wait_seconds = caller.bucket.wait_seconds
    headers: Headers = [(b"retry-after", b"%d" % wait_seconds), *rate_headers(caller)]
    return Turned(problems.rate_limited(instance, wait_seconds), headers)
