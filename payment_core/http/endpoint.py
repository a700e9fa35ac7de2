"""A route made ready to be served: decoders built, limits at hand, and one way from request to answer."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from payment_core.answers import Answer
from payment_core.http import problems
from payment_core.http.asgi import Receive
from payment_core.http.bodies import ascii_holds_card_number, decode_body, read_body
from payment_core.http.errors import RouteIncomplete
from payment_core.http.queries import QueryReader
from payment_core.http.routes import Route
from payment_core.keys.authenticator import Caller
from payment_core.operations.call import Call
from payment_core.operations.once import KEY_LENGTH_MAX, OnceRefusal, explain_once, request_hash

JSON = "application/json"
PATH_PARAMETER = r"^[A-Za-z0-9_.:-]{1,128}$"

_KEY = re.compile(rb"[\x21-\x7e]{1,%d}" % KEY_LENGTH_MAX)
_PARAMETER = re.compile(PATH_PARAMETER)
_NO_BODY = (b"", b"{}")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class Endpoint:
    """One route. card_hash_key: keys the hash of bodies that may hold card numbers, the same in every process."""

    def __init__(self, route: Route, card_hash_key: bytes | bytearray) -> None:
        if route.cards_allowed and not card_hash_key:
            raise RouteIncomplete(f"{route.method} {route.path}: cards_allowed needs a card_hash_key.")
        self.route = route
        self.writes = route.method != "GET"
        self.media_type = route.media_type.encode()
        self._card_hash_key = card_hash_key
        self._query = QueryReader(route.query)
        self._decoder = None if route.body is None else msgspec.json.Decoder(route.body)
        self._body_type = (route.raw_body if route.raw_body != "" else JSON).encode()
        self._key_header = route.key_header.encode()
        self._has_body = route.raw_body != "" or route.body is not None

    async def answer(
        self, caller: Caller | None, path: str, parameters: dict[str, str], request: "Request", receive: Receive
    ) -> Answer:
        """What the operation answers, or the problem with the request. Raises ClientLeft and what handlers raise."""
        instance = request.instance
        for value in parameters.values():
            if _PARAMETER.fullmatch(value) is None or instance == "":
                return problems.not_found(instance)
        query = self._query.read(request.query, instance)
        if isinstance(query, Answer):
            return query
        key, body, digest = "", None, b""
        if self.writes:
            read = self._read_key(request.headers.get(self._key_header), request, instance)
            if isinstance(read, Answer):
                return read
            key = read
            raw = await self._read(request.headers, receive, instance)
            if isinstance(raw, Answer):
                return raw
            body = self._decode(raw, instance)
            if isinstance(body, Answer):
                return body
            digest = self._hash(path, raw, body)
        call = Call(
            actor="" if caller is None else caller.actor,
            instance=instance,
            key=key,
            request_hash=digest,
            path=parameters,
            query=query,
            scopes=frozenset() if caller is None else caller.scopes,
        )
        answer = await self.route.handler(call, body)
        return answer if isinstance(answer, Answer) else self._explain(answer, instance)

    def _read_key(self, key: bytes | None, request: "Request", instance: str) -> str | Answer:
        if key is None or key == b"":
            return problems.key_missing(instance)
        if _KEY.fullmatch(key) is None or request.repeats(self._key_header):
            return problems.key_invalid(instance)
        return problems.card_number_refused(instance) if ascii_holds_card_number(key) else key.decode("ascii")

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive, instance: str) -> bytes | Answer:
        """The body's bytes, of the right kind and length."""
        limit_bytes = self.route.body_bytes_max
        announced = headers.get(b"content-length", b"0")
        if _LENGTH.fullmatch(announced) is None or int(announced) > limit_bytes:
            return problems.body_too_large(instance, limit_bytes)
        raw = await read_body(receive, limit_bytes)
        if raw is None:
            return problems.body_too_large(instance, limit_bytes)
        if self._has_body and raw != b"":
            sent = headers.get(b"content-type", b"")
            if sent != self._body_type and sent.partition(b";")[0].strip().lower() != self._body_type:
                return problems.media_type_unsupported(instance, self._body_type.decode())
        return raw

    # The body is of the route's own type, which only its handler knows.
    def _decode(self, raw: bytes, instance: str) -> Any:  # noqa: ANN401 - see above
        if self._decoder is not None:
            return decode_body(raw, self._decoder, instance, cards_allowed=self.route.cards_allowed)
        if self.route.raw_body != "":
            return raw
        return None if raw in _NO_BODY else problems.invalid_request(instance, "$", "this operation takes no body")

    def _hash(self, path: str, raw: bytes, body: msgspec.Struct | None) -> bytes:
        """What makes a request the same as an earlier one with its key."""
        if self.route.raw_body == "":
            digest = request_hash(path, body)
        else:
            digest = hashlib.sha256(path.encode() + b"\n" + raw).digest()
        if not self.route.cards_allowed:
            return digest
        # A plain hash of a card number can be guessed back (PCI DSS 3.5.1.1 asks for a keyed one).
        return hmac.digest(self._card_hash_key, digest, "sha256")

    def _explain(self, refusal: StrEnum, instance: str) -> Answer:
        if isinstance(refusal, OnceRefusal):
            return problems.refused(refusal.value, explain_once(refusal), instance)
        if self.route.explain is None:
            raise RouteIncomplete(f"{self.route.method} {self.route.path}: nobody explains {refusal.value}.")
        return problems.refused(refusal.value, self.route.explain(refusal), instance)


class Request:
    """What is read of a request before its body. instance: its address, empty when it looks like a card number."""

    __slots__ = ("_sent", "headers", "instance", "query")

    def __init__(self, sent: list[tuple[bytes, bytes]], query: bytes, instance: str) -> None:
        self._sent = sent
        self.headers: dict[bytes, bytes] = dict(sent)
        self.query = query
        self.instance = instance

    def repeats(self, name: bytes) -> bool:
        """Whether the header is there more than once."""
        return len(self.headers) != len(self._sent) and sum(header == name for header, _ in self._sent) > 1
