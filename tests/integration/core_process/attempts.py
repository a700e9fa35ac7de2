"""Every place of the API into which somebody can put a number that does not belong there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.integration.core_process.core_world import Json
from tests.integration.core_process.marketplace import account, card, charge, payment

PLACEHOLDER = "x1"


@dataclass(frozen=True)
class Attempt:
    """One request. headers: beside the usual ones."""

    method: str
    path: str
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def written(number: str) -> dict[str, str]:
    """The number as people and programs write it."""
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    return {
        "plain": number,
        "spaced": " ".join(groups),
        "dashed": "-".join(groups),
        "full-width": "".join(chr(ord(digit) + 0xFEE0) for digit in number),
        "divided by no width": "\u200b".join(groups),
        "among words": f"my card is {number}, thanks",
    }


def post(path: str, body: object, **headers: str) -> Attempt:
    """A POST of JSON."""
    return Attempt("POST", path, json.dumps(body).encode(), headers)


def in_described_fields(description: Json, text: str) -> Iterator[Attempt]:
    """Each field of each body that the OpenAPI document describes, each parameter of each path, and unknown fields."""
    for path, operations in description["paths"].items():
        concrete = path
        while "{" in concrete:
            concrete = f"{concrete[: concrete.index('{')]}{PLACEHOLDER}{concrete[concrete.index('}') + 1 :]}"
        for method, operation in operations.items():
            if "{" in path:
                yield Attempt(method.upper(), path[: path.index("{")] + quote(text), b"")
            content = operation.get("requestBody", {}).get("content", {})
            for media_type, described in content.items():
                if media_type != "application/json":
                    yield Attempt("POST", concrete, text.encode(), {"Content-Type": media_type})
                    continue
                for name in properties(description, described["schema"]):
                    yield post(concrete, {name: text})
                    yield post(concrete, {name: {text: text}})
                yield post(concrete, {text: 1})
                yield Attempt("POST", concrete, f'{{"a": "{text}", '.encode())
                yield Attempt("POST", concrete, json.dumps(text).encode())


def properties(description: Json, schema: Json) -> list[str]:
    """The fields of a schema that may be a reference."""
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))


def in_full_bodies(text: str, provider: str, taken: str) -> Iterator[Attempt]:
    """Requests that would be done but for the number. taken: a captured payment."""
    yield post("/v1/payments", payment(1, provider=provider, description=text))
    yield post("/v1/payments", payment(1, provider=provider, metadata={"note": text}))
    yield post("/v1/payments", payment(1, provider=provider, metadata={text[:40]: "note"}))
    yield post("/v1/payments", payment(1, method=text, provider=provider))
    yield post("/v1/payments", {**payment(1, provider=provider), "customer_id": text})
    yield post("/v1/payments", payment(1, provider=text))
    for name in ("ip", "device_id", "user_agent", "email"):
        yield post("/v1/payments", payment(1, provider=provider, context={name: text}))
    yield post("/v1/payments", payment(1, provider=provider, cvc=text))
    yield post("/v1/refunds", {"payment_id": taken, "amount": charge(1), "reason": text})
    yield post("/v1/disputes", {"payment_id": taken, "reference": "r1", "reason": text})
    yield post("/v1/providers", {"name": text})
    yield post("/v1/providers", {"name": "Ada", "people": [text]})
    yield post(f"/v1/providers/{provider}", {"name": text})
    yield post(
        "/v1/escrows", {"payment_id": taken, "provider_id": provider, "amount": charge(100), "description": text}
    )
    yield post("/v1/control", {"mode": "normal", "reason": text})
    yield post("/v1/keys", {"name": text, "scopes": ["payments:read"]})
    yield post("/v1/webhook_endpoints", {"url": f"https://example.com/{quote(text)}"})
    yield post("/v1/webhook_endpoints", {"url": f"https://example.com/?note={quote(text.replace(' ', '+'), safe='+')}"})
    yield post("/v1/webhook_endpoints", {"url": "https://example.com/", "description": text})
    yield post("/v1/payouts", {"provider_id": provider, "amount": charge(100), "bank_account_id": text})


def in_open_fields(text: str, provider: str) -> Iterator[Attempt]:
    """Routes whose bodies may hold numbers, with the number in another field than its own."""
    number = "4929567812345674"
    for name in ("customer_id", "cvc", "billing_country", "exp_month", "exp_year", "unknown"):
        yield post("/v1/payment_methods", {**card(number), name: text})
    yield post("/v1/payment_methods", {**card(number), "pan": f"{text[:-1]}"})
    yield post("/v1/payment_methods", {**card(number), "pan": [text]})
    yield post("/v1/payment_methods", {**card(number), text: 1})
    for name in ("holder_id", "holder_kind", "holder_name", "routing_number", "account_type", "unknown"):
        yield post("/v1/bank_accounts", {**account("5551234509", provider), name: text})
    yield post("/v1/bank_accounts", {**account("5551234509", provider), "account_number": text + "!"})


def in_addresses(text: str) -> Iterator[Attempt]:
    """Queries, paths and headers."""
    escaped = quote(text)
    for path in ("/v1/payments", "/v1/payment_methods", "/v1/escrows", "/v1/events", "/nothing", "/livez", "/metrics"):
        yield Attempt("GET", f"{path}?after={escaped}")
        yield Attempt("GET", f"{path}?customer_id={escaped}&{escaped}=1")
        yield Attempt("GET", f"{path}/{escaped}")
        yield Attempt("PUT", f"{path}/{escaped}")
    yield Attempt("GET", f"/v1/ledger/accounts/provider_available/{escaped}")
    yield Attempt("GET", f"/v1/ledger/accounts/{escaped}")
    if text.isascii():
        body = json.dumps(payment(2)).encode()
        for name in ("Idempotency-Key", "User-Agent", "X-Request-Id", "Referer", "Cookie", "Authorization"):
            yield Attempt("POST", "/v1/payments", body, {name: text})
        yield Attempt("POST", "/v1/payments", body, {"Authorization": f"Bearer {text}"})
        yield Attempt("POST", "/v1/payments", body, {"Content-Type": f"text/{text.replace(' ', '')}"})
