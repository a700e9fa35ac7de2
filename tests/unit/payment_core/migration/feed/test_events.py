"""The processor's events are turned into the records of its export, in any order and any number of times."""

import json
from itertools import permutations

import pytest

from payment_core.migration.export.decoding.decoder import Decoder
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Reason, Record
from payment_core.migration.export.shapes.account import BankAccount
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.migration.feed.errors import EventUnreadable, OtherMode
from payment_core.migration.feed.events import Events
from tests.canary import Canary
from tests.exports.written import HASH_KEY, charge

METHOD = {
    "id": "pm_1",
    "object": "payment_method",
    "card": {"brand": "visa", "exp_month": 8, "exp_year": 2031, "last4": "4242"},
    "customer": "cus_1",
    "type": "card",
}
BANK = {"id": "ba_1", "object": "bank_account", "account": "acct_1", "routing_number": "110000000", "last4": "6789"}
CUSTOMER = {"id": "cus_1", "object": "customer", "email": "a@example.com"}
OLD_CARD = {"id": "card_1", "object": "card", "customer": "cus_1", "exp_month": 1, "exp_year": 2031, "last4": "4242"}
REFUND = {"id": "re_1", "object": "refund", "amount": 5, "currency": "usd", "created": 1, "charge": "ch_1"}
DISPUTE = {**REFUND, "id": "dp_1", "object": "dispute", "status": "lost"}
PAYOUT = {"id": "po_1", "object": "payout", "amount": 5, "currency": "usd", "created": 1, "status": "paid"}
ACCOUNT = {"id": "acct_1", "object": "account", "payouts_enabled": False}


def event(kind: str, value: object, created: int = 1_790_000_000, **more: object) -> bytes:
    """An event as the processor sends it."""
    return json.dumps(
        {
            "id": f"evt_{created}",
            "object": "event",
            "api_version": "2025-04-30.basil",
            "created": created,
            "data": {"object": value, "previous_attributes": {}},
            "livemode": True,
            "pending_webhooks": 1,
            "request": {"id": "req_1", "idempotency_key": None},
            "type": kind,
            **more,
        }
    ).encode()


def taken(raw: bytes) -> Record:
    found = Events(HASH_KEY).read(raw)
    assert isinstance(found, Record), found
    return found


@pytest.mark.parametrize(
    ("kind", "value", "expected", "removed"),
    [
        ("customer.created", CUSTOMER, Kind.CUSTOMERS, False),
        ("customer.updated", CUSTOMER, Kind.CUSTOMERS, False),
        ("customer.deleted", CUSTOMER, Kind.CUSTOMERS, True),
        ("payment_method.attached", METHOD, Kind.PAYMENT_METHODS, False),
        ("payment_method.automatically_updated", METHOD, Kind.PAYMENT_METHODS, False),
        ("payment_method.detached", {**METHOD, "customer": None}, Kind.PAYMENT_METHODS, True),
        ("customer.source.updated", OLD_CARD, Kind.PAYMENT_METHODS, False),
        ("customer.source.deleted", OLD_CARD, Kind.PAYMENT_METHODS, True),
        ("charge.succeeded", charge(), Kind.CHARGES, False),
        ("charge.refunded", charge(amount_refunded=2_500, refunded=True), Kind.CHARGES, False),
        ("charge.refund.updated", REFUND, Kind.REFUNDS, False),
        ("refund.failed", {**REFUND, "status": "failed"}, Kind.REFUNDS, False),
        ("charge.dispute.created", DISPUTE, Kind.DISPUTES, False),
        ("charge.dispute.closed", DISPUTE, Kind.DISPUTES, False),
        ("payout.failed", {**PAYOUT, "status": "failed"}, Kind.PAYOUTS, False),
        ("account.updated", ACCOUNT, Kind.ACCOUNTS, False),
        ("account.external_account.created", BANK, Kind.BANK_ACCOUNTS, False),
        ("account.external_account.deleted", BANK, Kind.BANK_ACCOUNTS, True),
    ],
)
def test_an_event_is_the_record_of_its_object(
    kind: str, value: dict[str, object], expected: Kind, *, removed: bool
) -> None:
    record = taken(event(kind, value))
    assert (record.kind, record.id, record.is_removed) == (expected, value["id"], removed)
    assert (record.occurred_at_ms, record.origin) == (1_790_000_000_000, "evt_1790000000:1")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("invoice.paid", {"id": "in_1", "object": "invoice"}),
        ("customer.source.created", {**BANK, "customer": "cus_1"}),
        ("balance.available", {"object": "balance"}),
        ("ping", {}),
    ],
)
def test_an_event_about_something_that_is_not_moved_is_passed_over(kind: str, value: object) -> None:
    assert Events(HASH_KEY).read(event(kind, value)) is None


def test_events_of_connected_accounts_say_whose_they_are() -> None:
    of_platform, of_account = (
        taken(event("charge.succeeded", charge())),
        taken(event("charge.succeeded", charge(), account="acct_7")),
    )
    assert isinstance(of_platform.body, Charge)
    assert isinstance(of_account.body, Charge)
    assert (of_platform.body.account, of_account.body.account) == (None, "acct_7")


def test_what_events_tell_has_the_hash_that_the_export_would_give_it() -> None:
    raw = json.dumps(METHOD).encode()
    (exported,) = Decoder(Kind.PAYMENT_METHODS, HASH_KEY).decode(raw)
    record = taken(event("payment_method.attached", METHOD))
    assert record.source_hash == exported.source_hash
    assert record.body == exported.body
    assert isinstance(record.body, PaymentMethod)
    assert record.body.number is None


def test_the_last_state_is_the_same_in_whatever_order_and_how_often_events_come() -> None:
    names = ("first", "second", "third")
    sent = [event("customer.updated", {**CUSTOMER, "name": name}, 100 + at) for at, name in enumerate(names)]
    for order in permutations([*sent, sent[1]]):
        newest: dict[str, Record] = {}
        for raw in order:
            record = taken(raw)
            known = newest.get(record.id)
            if known is None or record.occurred_at_ms > known.occurred_at_ms:
                newest[record.id] = record
        body = newest["cus_1"].body
        assert isinstance(body, Customer)
        assert body.name == "third"


def test_an_object_that_is_none_is_told_as_in_an_export() -> None:
    found = Events(HASH_KEY).read(event("charge.succeeded", charge(amount="much", description="4242 4242 4242 4242")))
    assert isinstance(found, Malformed)
    assert (found.reason, found.id, found.origin) == (Reason.WRONG_FIELD, "ch_1a", "evt_1790000000:1")
    assert not Canary("4242424242424242").in_text(repr(found), "record")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"id":"evt_1"}', event("x", "text"), event("x", None), event("x", {}, created=-1)]
)
def test_what_is_no_event_is_refused_without_its_values(raw: bytes) -> None:
    with pytest.raises(EventUnreadable) as raised:
        Events(HASH_KEY).read(raw)
    assert "text" not in str(raised.value)


def test_test_data_is_not_taken_for_real_data() -> None:
    with pytest.raises(OtherMode, match="evt_"):
        Events(HASH_KEY, livemode=True).read(event("customer.created", CUSTOMER, livemode=False))
    assert Events(HASH_KEY, livemode=False).read(event("customer.created", CUSTOMER, livemode=False)) is not None


def test_a_bank_account_of_a_provider_has_its_owner() -> None:
    body = taken(event("account.external_account.updated", BANK)).body
    assert isinstance(body, BankAccount)
    assert (body.account, body.account_number) == ("acct_1", None)
