"""The old processor over its published HTTP API: forms in, JSON out, an Idempotency-Key on every write."""

import ipaddress
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from checks.redaction.card_numbers import mask_card_numbers
from payment_core.migration.running.errors import (
    OldAddressUnusable,
    OldHalfMade,
    OldKeyUsed,
    OldRefused,
    OldUnreachable,
    OldUnreadable,
)
from payment_core.migration.running.model import OldPlace
from payment_core.migration.running.old_shape import TAG
from payment_core.migration.running.ports import EventPage, OldEvent, OldObject
from payment_core.outgoing.client import HttpClient
from payment_core.vault.numbers.instruments import BankAccount, Card

TIMEOUT_SECONDS = 5.0
"""Of a whole call; a lease of six such calls holds what is told."""
CONNECTIONS_MAX = 16
EVENTS_PAGE = 100
"""The most that the API gives at once."""
ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""A hundred events of the largest objects."""
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_FAULT = 500
_KEY_USED = "idempotency_error"
"""What its API calls another request under a key that it knows."""
_DIGITS = re.compile(r"(?<![A-Za-z0-9_])\d(?:[ .-]?\d){3,}(?![A-Za-z0-9_])")
"""As long as an account number, and no part of an id; a refusal may repeat what it was sent."""

_Object = dict[str, Any]
_OBJECT = msgspec.json.Decoder(_Object)


class _Cause(msgspec.Struct, frozen=True):
    """The request that caused an event; before 2017 it was its id alone."""

    idempotency_key: str | None = None


class _Event(msgspec.Struct, frozen=True):
    id: str
    created: int
    data: _Object
    request: _Cause | str | None = None


class _Events(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]
    has_more: bool = False


_EVENT, _EVENTS = msgspec.json.Decoder(_Event), msgspec.json.Decoder(_Events)


class OldHttp:
    """The ports OldProcessor and OldEvents. Raises OldAddressUnusable at once for an address without TLS.

    key: the secret key of the API; it is in no log, no error and no argument of a process.
    """

    def __init__(self, url: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        _require_tls(url)
        if key == "":
            raise OldAddressUnusable("its key is empty; write the secret key of its API into the file.")
        self._http = HttpClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def create(
        self, place: OldPlace, fields: Mapping[str, str], number: Card | BankAccount | None, key: str, made: str = ""
    ) -> str:
        """See OldProcessor. A card is made, then attached: two calls, the second under a key that follows from this."""
        if place.kind == "bank_account":
            name = "external_account" if place.owner_kind == "account" else "source"
            form = _nested(name, {"object": "bank_account", **fields, **_number_of(number)})
            return _id_of(await self._write("POST", _collection(place), form, key))
        if made == "":
            form = {**({"type": "card"} if place.kind == "payment_method" else {}), **fields, **_number_of(number)}
            made = _id_of(await self._write("POST", _collection(place), form, key))
        if place.kind == "payment_method":
            await self._attach(msgspec.structs.replace(place, id=made), f"{key}-attach")
        return made

    async def _attach(self, place: OldPlace, key: str) -> None:
        try:
            await self._write("POST", f"{_path(place)}/attach", {"customer": place.owner_id}, key)
        except OldRefused as fault:
            # One that belongs to its owner already is refused, too.
            found = await self.read(place)
            if found is None or found.fields["owner"] != place.owner_id:
                raise OldHalfMade(fault.detail, place.id) from fault

    async def update(self, place: OldPlace, fields: Mapping[str, str], key: str) -> None:
        """See OldProcessor."""
        await self._write("POST", _path(place), dict(fields), key)

    async def delete(self, place: OldPlace, key: str) -> None:
        """See OldProcessor; a card is detached from its customer, as the API has no other way."""
        gone = await self.read(place)
        if gone is None or gone.deleted:
            return
        if place.kind == "payment_method":
            await self._write("POST", f"{_path(place)}/detach", {}, key)
        else:
            await self._write("DELETE", _path(place), {}, key)

    async def read(self, place: OldPlace) -> OldObject | None:
        """See OldProcessor."""
        response = await self._call("GET", _path(place))
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        found = _decoded(_checked(response))
        if found.get("id") != place.id:
            raise OldUnreadable(f"GET {response.request.url.path} answered another object.")
        return OldObject(place=place, deleted=_is_deleted(place, found), fields=_fields(place, found))

    async def after(self, event_id: str) -> EventPage:
        """See OldEvents. The API lists the newest first; the page that follows the cursor is turned round.

        Without a cursor the oldest are found by going back page by page, which the API does for 30 days.
        """
        query = {"limit": str(EVENTS_PAGE)}
        if event_id:
            page = _events(await self._call("GET", "/v1/events", query={**query, "ending_before": event_id}))
            return EventPage(tuple(reversed([event_of(raw) for raw in page.data])), page.has_more)
        page = _events(await self._call("GET", "/v1/events", query=query))
        oldest = page.data
        while page.has_more and page.data:
            last = event_of(page.data[-1]).id
            page = _events(await self._call("GET", "/v1/events", query={**query, "starting_after": last}))
            oldest = page.data if page.data else oldest
        return EventPage(tuple(reversed([event_of(raw) for raw in oldest])), more=bool(oldest))

    async def _write(self, method: str, path: str, form: Mapping[str, str], key: str) -> _Object:
        return _decoded(_checked(await self._call(method, path, form=form, key=key)))

    async def _call(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        key: str = "",
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        try:
            response = await self._http.request(method, path, data=form, params=query, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise OldUnreachable(f"{method} {path}: {type(fault).__name__}.") from None
        if len(response.content) > ANSWER_BYTES_MAX:
            raise OldUnreadable(f"{method} {path} answered more than {ANSWER_BYTES_MAX} bytes.")
        return response


def _require_tls(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return
    try:
        if parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback:
            return
    except ValueError:
        pass
    raise OldAddressUnusable(f"{parts.scheme}://{parts.hostname} has no TLS; card numbers go there: write https://.")


def _collection(place: OldPlace) -> str:
    if place.kind == "bank_account":
        owner = quote(place.owner_id, safe="")
        under = f"accounts/{owner}/external_accounts" if place.owner_kind == "account" else f"customers/{owner}/sources"
        return f"/v1/{under}"
    return f"/v1/{place.kind}s"


def _path(place: OldPlace) -> str:
    return f"{_collection(place)}/{quote(place.id, safe='')}"


def _number_of(number: Card | BankAccount | None) -> dict[str, str]:
    if number is None:
        return {}
    if isinstance(number, Card):
        return {"card[number]": number.pan.reveal()}
    return {"account_number": number.account_number.reveal()}


def _nested(name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields inside of another one: ``a[b]`` becomes ``name[a][b]``."""
    return {f"{name}[{field.replace('[', '][', 1).removesuffix(']')}]": text for field, text in fields.items()}


def _checked(response: httpx.Response) -> bytes:
    """The body of a call that went through. Raises OldUnreachable or OldRefused, without what a form had held."""
    status = response.status_code
    if response.is_success:
        return response.content
    told = _DIGITS.sub("*", mask_card_numbers(_of_error(response.content, "message")))[:200]
    where = f"{response.request.method} {response.request.url.path} answered {status}: {told}"
    if status in _PASSING or status >= _SERVER_FAULT:
        raise OldUnreachable(where)
    raise OldKeyUsed(where) if _of_error(response.content, "type") == _KEY_USED else OldRefused(where)


def _of_error(body: bytes, field: str) -> str:
    try:
        error = _OBJECT.decode(body).get("error")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "no reason that can be read"
    return str(error.get(field, "")) if isinstance(error, dict) else ""


def _decoded(body: bytes) -> _Object:
    try:
        return _OBJECT.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise OldUnreadable("It is no JSON object.") from fault


def _id_of(made: _Object) -> str:
    made_id = made.get("id")
    if not isinstance(made_id, str) or made_id == "":
        raise OldUnreadable("What was made has no id.")
    return made_id


def _events(response: httpx.Response) -> _Events:
    try:
        return _EVENTS.decode(_checked(response))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise OldUnreadable("The list of events is of another shape.") from fault


def event_of(raw: msgspec.Raw | bytes) -> OldEvent:
    """An event as it was sent. Raises OldUnreadable."""
    try:
        event = _EVENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise OldUnreadable("An event is of another shape.") from fault
    found = event.data.get("object")
    tag = _text(found, "metadata", TAG) if isinstance(found, dict) else ""
    cause = event.request.idempotency_key if isinstance(event.request, _Cause) else None
    key = "" if cause is None else cause
    return OldEvent(id=event.id, happened_at_ms=event.created * 1000, raw=bytes(raw), key=key, tag=tag)


def _is_deleted(place: OldPlace, found: _Object) -> bool:
    return found.get("deleted") is True or (place.kind == "payment_method" and not found.get("customer"))


def _fields(place: OldPlace, found: _Object) -> dict[str, str]:
    """What can be compared, by our names."""
    if place.kind == "payment_method":
        return {
            "owner": _text(found, "customer"),
            "brand": _text(found, "card", "brand"),
            "last4": _text(found, "card", "last4"),
            "exp_month": _text(found, "card", "exp_month"),
            "exp_year": _text(found, "card", "exp_year"),
            "country": _text(found, "billing_details", "address", "country"),
        }
    if place.kind == "bank_account":
        return {
            "owner": _text(found, "account") or _text(found, "customer"),
            "routing_number": _text(found, "routing_number"),
            "last4": _text(found, "last4"),
            "holder_name": _text(found, "account_holder_name"),
        }
    return {name: _text(found, name) for name in ("name", "email", "phone", "description")}


def _text(found: Any, *names: str) -> str:  # noqa: ANN401 - JSON of any shape
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else str(found)
