"""The book of the simulated old processor: objects, what happened to them, and what each key was answered with."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from daemon.embedded.old_processor.forms import Form
from daemon.embedded.old_processor.objects import Object, bank_account_object, card_object
from payment_core.migration.export.shapes.account import BankAccount
from payment_core.migration.export.shapes.parts import Address
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.vault.numbers.problems import CardProblem
from payment_core.vault.numbers.sensitive import Pan

EVENTS_MAX = 20_000
"""The real one keeps 30 days; this one keeps what a long run makes."""
KEYS_MAX = 20_000
PAGE_MAX = 100
_BANK_FIELDS = ("routing_number", "account_holder_name", "account_holder_type", "account_type")


class Answer(NamedTuple):
    """status: HTTP."""

    status: int
    body: Object


class Cause(NamedTuple):
    """Of a change. key: of idempotency, empty for none. at_seconds: Unix time."""

    key: str
    at_seconds: int


class Book:
    """Everything it keeps. events: the oldest first. serial: of the id that was given last."""

    def __init__(self, start: Iterable[Object]) -> None:
        self.objects: dict[str, Object] = {one["id"]: one for one in start}
        self.events: list[Object] = []
        self.answered: dict[str, tuple[str, Answer]] = {}
        self.serial = 0

    def once(self, key: str, request: str, answer: Answer | None = None) -> Answer | None:
        """What this key was answered with; with an answer, keep it. Another request under it is a 400."""
        if key == "":
            return None
        digest = hashlib.sha256(request.encode()).hexdigest()
        if answer is not None:
            if answer.status < 500:  # noqa: PLR2004 - HTTP's own number
                self.answered[key] = (digest, answer)
                while len(self.answered) > KEYS_MAX:
                    del self.answered[next(iter(self.answered))]
            return answer
        known = self.answered.get(key)
        if known is None:
            return None
        return known[1] if known[0] == digest else _KEY_USED

    def get(self, object_id: str) -> Answer:
        """One object."""
        found = self.objects.get(object_id)
        return missing(object_id) if found is None else Answer(200, found)

    def create_customer(self, form: Form, cause: Cause) -> Answer:
        """``POST /v1/customers``."""
        customer = {
            "id": self._new("cus"),
            "object": "customer",
            "created": cause.at_seconds,
            "balance": 0,
            **{name: _text(form, name) for name in ("name", "email", "phone", "description")},
            "metadata": _metadata(form),
            "livemode": False,
        }
        return self._made(customer, "customer.created", cause)

    def create_account(self, form: Form, cause: Cause) -> Answer:
        """``POST /v1/accounts``. Connected accounts tell nobody of their making, as the real one's do not."""
        account: Object = {
            "id": self._new("acct"),
            "object": "account",
            "type": "custom",
            "country": "US",
            "created": cause.at_seconds,
            "business_profile": {"name": _text(form.get("business_profile", {}), "name")},
            "external_accounts": {"object": "list", "data": [], "has_more": False},
            "metadata": _metadata(form),
        }
        self.objects[account["id"]] = account
        return Answer(200, account)

    def create_method(self, form: Form, cause: Cause) -> Answer:
        """``POST /v1/payment_methods``: a card that belongs to nobody yet."""
        card = form.get("card", {})
        pan = Pan.parse(str(card.get("number", "")))
        if isinstance(pan, CardProblem):
            return refused(402, "Your card number is incorrect.")
        country = form.get("billing_details", {}).get("address", {}).get("country", "")
        made = card_object(
            PaymentMethod(
                id=self._new("pm"),
                number=pan,
                exp_month=int(card["exp_month"]),
                exp_year=int(card["exp_year"]),
                created=cause.at_seconds,
                address=Address(country=country),
                metadata=_metadata(form),
            )
        )
        self.objects[made["id"]] = made
        return Answer(200, made)

    def attach(self, method_id: str, form: Form, cause: Cause) -> Answer:
        """``POST /v1/payment_methods/{id}/attach``."""
        customer = self.objects.get(str(form.get("customer", "")))
        if customer is None or customer.get("deleted"):
            return missing(str(form.get("customer", "")))
        return self._changed(method_id, {"customer": customer["id"]}, "payment_method.attached", cause)

    def detach(self, method_id: str, cause: Cause) -> Answer:
        """``POST /v1/payment_methods/{id}/detach``."""
        if self.objects.get(method_id, {}).get("customer") is None:
            return refused(400, "The payment method is not attached to a customer.")
        return self._changed(method_id, {"customer": None}, "payment_method.detached", cause)

    def update(self, object_id: str, form: Form, cause: Cause) -> Answer:
        """``POST`` of an object that exists: fields merge, nested ones too."""
        found = self.objects.get(object_id)
        if found is None or found.get("deleted"):
            return missing(object_id)
        kind = "account.external_account" if found["object"] == "bank_account" else found["object"]
        return self._changed(object_id, _merged(found, form), f"{kind}.updated", cause)

    def create_bank_account(self, owner_id: str, fields: Form, cause: Cause) -> Answer:
        """``POST`` of an account's external account, or of a customer's source."""
        if owner_id not in self.objects:
            return missing(owner_id)
        digits = str(fields.get("account_number", ""))
        if not digits.isalnum():
            return refused(400, "You must use a valid bank account number.")
        routing, holder, sort, kind_of_account = (str(fields.get(name, "")) for name in _BANK_FIELDS)
        made = bank_account_object(
            BankAccount(
                id=self._new("ba"),
                account=owner_id,
                last4=digits[-4:],
                country="US",
                metadata=_metadata(fields),
                routing_number=routing,
                account_holder_name=holder,
                account_holder_type=sort,
                account_type=kind_of_account,
            )
        )
        of_provider = self.objects[owner_id]["object"] == "account"
        if not of_provider:
            made["customer"] = made.pop("account")
        kind = "account.external_account" if of_provider else "customer.source"
        return self._made(made, f"{kind}.created", cause)

    def delete(self, object_id: str, cause: Cause) -> Answer:
        """``DELETE``: the id stays, as a tombstone."""
        found = self.objects.get(object_id)
        if found is None:
            return missing(object_id)
        tombstone = {"id": object_id, "object": found["object"], "deleted": True}
        kind = "account.external_account" if found["object"] == "bank_account" else found["object"]
        self.objects[object_id] = tombstone
        self._happened(f"{kind}.deleted", {**found, "deleted": True}, cause)
        return Answer(200, tombstone)

    def listed(self, wanted: Callable[[Object], bool]) -> Answer:
        """The first hundred objects that are wanted."""
        found = [one for one in self.objects.values() if wanted(one)]
        return Answer(200, {"object": "list", "data": found[:PAGE_MAX], "has_more": len(found) > PAGE_MAX})

    def page(self, *, limit: int, before: str, after: str) -> Answer:
        """``GET /v1/events``, the newest first. before, after: ``ending_before`` and ``starting_after``."""
        newest_first: list[Object] = self.events[::-1]
        places: dict[str, int] = {event["id"]: place for place, event in enumerate(newest_first)}
        if before:
            if before not in places:
                return missing(before)
            newer = newest_first[: places[before]]
            return Answer(200, {"object": "list", "data": newer[-limit:], "has_more": len(newer) > limit})
        start = places[after] + 1 if after in places else 0
        rest = newest_first[start:]
        return Answer(200, {"object": "list", "data": rest[:limit], "has_more": len(rest) > limit})

    def _new(self, prefix: str) -> str:
        return f"{prefix}_New{self._next():08d}"

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def _made(self, made: Object, kind: str, cause: Cause) -> Answer:
        self.objects[made["id"]] = made
        self._happened(kind, made, cause)
        return Answer(200, made)

    def _changed(self, object_id: str, fields: Object, kind: str, cause: Cause) -> Answer:
        found = self.objects.get(object_id)
        if found is None:
            return missing(object_id)
        after = {**found, **fields}
        self.objects[object_id] = after
        # What was detached is told with whom it belonged to before, as the real one does in previous_attributes.
        self._happened(kind, after, cause, {name: found.get(name) for name in fields})
        return Answer(200, after)

    def _happened(self, kind: str, what: Object, cause: Cause, before: Object | None = None) -> None:
        data: Object = {"object": what}
        if before is not None:
            data["previous_attributes"] = before
        self.events.append(
            {
                "id": f"evt_{self._next():012d}",
                "object": "event",
                "api_version": "2024-06-20",
                "created": cause.at_seconds,
                "data": data,
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": cause.key if cause.key else None},
                "type": kind,
                **({"account": what["account"]} if kind.startswith("account.") and "account" in what else {}),
            }
        )
        del self.events[:-EVENTS_MAX]


_KEY_USED = Answer(
    400,
    {
        "error": {
            "type": "idempotency_error",
            "message": "Keys for idempotent requests can only be used with the same parameters.",
        }
    },
)


def missing(object_id: str) -> Answer:
    """404 as its API says it."""
    return refused(404, f"No such object: '{object_id}'")


def refused(status: int, message: str) -> Answer:
    """An error as its API says it."""
    return Answer(status, {"error": {"type": "invalid_request_error", "message": message}})


def _text(form: Form, name: str) -> str | None:
    text = form.get(name)
    return str(text) if text else None


def _metadata(form: Form) -> dict[str, str]:
    found = form.get("metadata", {})
    return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def _merged(found: Object, form: Form) -> Object:
    """Only what the form names, with whole numbers where the object has some."""
    merged: Object = {}
    for name, value in form.items():
        before: Any = found.get(name)
        if isinstance(value, dict):
            base = before if isinstance(before, dict) else {}
            merged[name] = {**base, **_merged(base, value)}
        else:
            merged[name] = int(value) if isinstance(before, int) and str(value).isdigit() else value
    return merged
