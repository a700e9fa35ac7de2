"""The processor's objects are read as it writes them, and what is wrong with one is told without its values."""

import hashlib
import hmac
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.migration.export.decoding.decoder import Decoded, Decoder
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason
from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.dispute import Dispute
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.vault.numbers.sensitive import Sensitive
from tests.canary import Canary
from tests.exports.written import HASH_KEY, charge

NUMBER = "5555555555554444"
TYPED = "paid with 5555 5555 5555 4444"


def decoded(kind: Kind, *values: object) -> list[Decoded]:
    decoder = Decoder(kind, HASH_KEY)
    return [one for value in values for one in decoder.decode(json.dumps(value).encode())]


def body(kind: Kind, value: object) -> object:
    (one,) = decoded(kind, value)
    return one.body


def flaw(kind: Kind, value: object) -> Flaw:
    found = body(kind, value)
    assert isinstance(found, Flaw), found
    return found


def test_a_customer_keeps_what_is_known_of_it() -> None:
    customer = body(
        Kind.CUSTOMERS,
        {
            "id": "cus_NffrFeUfNV2Hib",
            "object": "customer",
            "address": {"city": "Austin", "country": "US", "line1": "1 Main", "postal_code": "78701", "state": "TX"},
            "balance": -250,
            "created": 1_680_893_993,
            "currency": None,
            "default_source": None,
            "delinquent": None,
            "email": "jenny@example.com",
            "invoice_settings": {"custom_fields": None, "default_payment_method": "pm_1"},
            "livemode": False,
            "metadata": {"crm": "7"},
            "name": "Jenny Rosen",
            "test_clock": None,
        },
    )
    assert isinstance(customer, Customer)
    assert (customer.balance, customer.default_payment_method, customer.address.postal_code) == (-250, "pm_1", "78701")
    assert (customer.currency, customer.delinquent, customer.metadata) == (None, False, {"crm": "7"})


def test_a_deleted_customer_is_known_as_such() -> None:
    customer = body(Kind.CUSTOMERS, {"id": "cus_1", "object": "customer", "deleted": True})
    assert isinstance(customer, Customer)
    assert customer.deleted


def test_cards_of_the_transfer_file_know_their_customer() -> None:
    found = decoded(
        Kind.PAYMENT_METHODS,
        {
            "id": "cus_1",
            "email": "a@example.com",
            "default_source": "card_2",
            "cards": [
                {"id": "card_1", "number": NUMBER, "exp_month": 9, "exp_year": 2027, "name": "A B", "address_zip": "9"},
                {"id": "card_2", "number": int(NUMBER), "exp_month": 1, "exp_year": 2030, "transaction_ids": "MCC1"},
                {"id": "card_3", "number": NUMBER, "exp_month": "May", "exp_year": 2030},
                {"id": "card_4", "exp_month": 5, "exp_year": 2030},
            ],
        },
    )
    first, second, third, fourth = (one.body for one in found)
    assert isinstance(first, PaymentMethod)
    assert isinstance(second, PaymentMethod)
    assert first.number == second.number == Sensitive(NUMBER)
    assert (first.customer, first.email, first.is_default, second.is_default) == ("cus_1", "a@example.com", False, True)
    assert (first.address.postal_code, second.network_transaction_id) == ("9", "MCC1")
    assert isinstance(third, Flaw)
    assert isinstance(fourth, Flaw)
    assert (third.reason, fourth.reason) == (Reason.WRONG_FIELD, Reason.MISSING_FIELD)
    assert [one.id for one in found] == ["card_1", "card_2", "card_3", "card_4"]


def test_a_payment_method_of_the_api_has_no_number() -> None:
    method = body(
        Kind.PAYMENT_METHODS,
        {
            "id": "pm_1",
            "object": "payment_method",
            "billing_details": {"address": {"country": "US", "line1": None}, "email": None, "name": "A B"},
            "card": {"brand": "visa", "exp_month": 8, "exp_year": 2026, "fingerprint": "F", "last4": "4242"},
            "created": 1,
            "customer": {"id": "cus_9", "object": "customer"},
            "type": "card",
        },
    )
    assert isinstance(method, PaymentMethod)
    assert (method.number, method.last4, method.customer, method.address.country) == (None, "4242", "cus_9", "US")


def test_bank_accounts_are_read_by_themselves_and_within_their_account() -> None:
    bank = {
        "id": "ba_1",
        "object": "bank_account",
        "account": "acct_1",
        "account_number": "000123456789",
        "country": "US",
        "currency": "usd",
        "last4": "6789",
        "routing_number": "110000000",
        "status": "new",
    }
    card = {"id": "card_1", "object": "card", "last4": "4242"}
    owner = {"id": "acct_1", "object": "account", "external_accounts": {"data": [bank, card], "has_more": True}}
    alone, nested, debit, missing = (one.body for one in decoded(Kind.BANK_ACCOUNTS, bank, owner))
    assert alone == nested
    assert isinstance(alone, BankAccount)
    assert alone.account_number == Sensitive("000123456789")
    assert isinstance(debit, Flaw)
    assert isinstance(missing, Flaw)
    assert (debit.reason, missing.reason) == (Reason.UNKNOWN_OBJECT, Reason.INCOMPLETE)


def test_an_account_keeps_its_verification() -> None:
    account = body(
        Kind.ACCOUNTS,
        {
            "id": "acct_1",
            "object": "account",
            "business_profile": {"mcc": "5734", "name": None},
            "company": None,
            "individual": {"first_name": "Ada", "last_name": "Ito", "verification": {"status": "pending"}},
            "charges_enabled": True,
            "payouts_enabled": False,
            "requirements": {
                "currently_due": ["external_account"],
                "current_deadline": None,
                "disabled_reason": "requirements.past_due",
                "past_due": [],
            },
            "tos_acceptance": {"date": 1_600_000_000},
            "type": "express",
        },
    )
    assert isinstance(account, Account)
    assert (account.name, account.verification, account.payouts_enabled) == ("Ada Ito", "pending", False)
    assert account.requirements.disabled_reason == "requirements.past_due"
    assert (account.requirements.currently_due, account.terms_accepted_at) == (("external_account",), 1_600_000_000)


def test_expanded_objects_are_read_as_their_ids() -> None:
    value = charge(
        customer={"id": "cus_1", "object": "customer"},
        balance_transaction={"id": "txn_9", "object": "balance_transaction", "amount": 2_500},
        transfer_data={"amount": None, "destination": {"id": "acct_5", "object": "account"}},
    )
    found = body(Kind.CHARGES, value)
    assert isinstance(found, Charge)
    assert found.transfer_data is not None
    assert (found.customer, found.balance_transaction) == ("cus_1", "txn_9")
    assert found.transfer_data.destination == "acct_5"


def test_a_dispute_names_the_balance_transactions_that_stand_in_it() -> None:
    found = body(
        Kind.DISPUTES,
        {
            "id": "dp_1",
            "object": "dispute",
            "amount": 1_000,
            "balance_transactions": [{"id": "txn_1", "amount": -1_000}, "txn_2"],
            "charge": "ch_1",
            "created": 5,
            "currency": "usd",
            "evidence_details": {"due_by": 77, "has_evidence": True, "past_due": False},
            "status": "needs_response",
        },
    )
    assert isinstance(found, Dispute)
    assert (found.balance_transactions, found.evidence_due_by, found.has_evidence) == (("txn_1", "txn_2"), 77, True)


def balance(**changes: object) -> dict[str, object]:
    detail = {"amount": 103, "currency": "usd", "type": "stripe_fee", "description": "Processing fees"}
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 2_500,
        "created": 1,
        "currency": "usd",
        "exchange_rate": 1.10,
        "fee": 103,
        "fee_details": [detail],
        "net": 2_397,
        "type": "charge",
        **changes,
    }


def held(**changes: object) -> dict[str, object]:
    usd = [{"amount": 2_500, "currency": "usd", "source_types": {"card": 2_500}}]
    return {"object": "balance", "as_of": 77, "available": usd, "pending": [], "livemode": True, **changes}


def test_a_balance_is_what_is_available_and_what_is_pending() -> None:
    eur = [{"amount": -3, "currency": "eur"}]
    found = decoded(Kind.OPENING_BALANCES, held(pending=eur, account={"id": "acct_9"}))
    assert [one.body for one in found] == [
        OpeningBalance(account="acct_9", currency="usd", available=2_500, pending=0, as_of=77),
        OpeningBalance(account="acct_9", currency="eur", available=0, pending=-3, as_of=77),
    ]
    assert [one.id for one in found] == ["acct_9:usd", "acct_9:eur"]
    assert [one.id for one in decoded(Kind.OPENING_BALANCES, held(), held(account=""))] == ["platform:usd"] * 2


def test_an_exchange_rate_is_kept_exactly() -> None:
    decoder = Decoder(Kind.BALANCE_TRANSACTIONS)
    raw = json.dumps(balance()).replace("1.1,", "1.10987654321012345,").encode()
    for written in (raw, raw.replace(b'"type": "charge"', b'"type": "charge", "source": {"id": "ch_1"}')):
        (one,) = decoder.decode(written)
        assert isinstance(one.body, BalanceTransaction)
        assert one.body.exchange_rate == Decimal("1.10987654321012345")


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Kind.BALANCE_TRANSACTIONS, balance(net=2_398), Reason.DOES_NOT_ADD_UP),
        (Kind.BALANCE_TRANSACTIONS, balance(fee=104, net=2_396), Reason.DOES_NOT_ADD_UP),
        (Kind.CHARGES, charge(amount_refunded=2_501), Reason.DOES_NOT_ADD_UP),
        (Kind.CHARGES, charge(amount_captured=2_501), Reason.DOES_NOT_ADD_UP),
        (Kind.CHARGES, charge(amount=-1, amount_captured=-1), Reason.DOES_NOT_ADD_UP),
        (Kind.CHARGES, charge(amount="2500"), Reason.WRONG_FIELD),
        (Kind.CHARGES, charge(amount=25.5), Reason.WRONG_FIELD),
        (Kind.CHARGES, charge(amount=2**60), Reason.WRONG_FIELD),
        (Kind.CHARGES, charge(currency="US DOLLARS"), Reason.WRONG_FIELD),
        (Kind.CHARGES, charge(currency=None), Reason.MISSING_FIELD),
        (Kind.CHARGES, charge(object="refund"), Reason.UNKNOWN_OBJECT),
        (Kind.CHARGES, [charge()], Reason.WRONG_FIELD),
        (Kind.CHARGES, charge(description=TYPED), Reason.CARD_NUMBER_IN_TEXT),
        (Kind.CHARGES, charge(metadata={"note": TYPED}), Reason.CARD_NUMBER_IN_TEXT),
        (Kind.CHARGES, charge(metadata={TYPED: "1"}), Reason.CARD_NUMBER_IN_TEXT),
        (Kind.OPENING_BALANCES, held(as_of=None), Reason.MISSING_FIELD),
        (Kind.OPENING_BALANCES, held(as_of=0), Reason.WRONG_FIELD),
        (Kind.OPENING_BALANCES, held(as_of=77_000_000_000_000), Reason.WRONG_FIELD),
        (Kind.OPENING_BALANCES, held(pending=None), Reason.MISSING_FIELD),
        (Kind.OPENING_BALANCES, held(available=[]), Reason.MISSING_FIELD),
        (Kind.OPENING_BALANCES, held(available="2500"), Reason.WRONG_FIELD),
        (Kind.OPENING_BALANCES, held(available=[{"amount": 25.5, "currency": "usd"}]), Reason.WRONG_FIELD),
        (Kind.OPENING_BALANCES, held(available=2 * [{"amount": 1, "currency": "usd"}]), Reason.DOES_NOT_ADD_UP),
        (Kind.OPENING_BALANCES, held(object="balance_transaction"), Reason.UNKNOWN_OBJECT),
        (Kind.CUSTOMERS, {"id": "cus_1", "name": TYPED}, Reason.CARD_NUMBER_IN_TEXT),
        (Kind.CUSTOMERS, {"id": "cus_1", "address": {"line2": TYPED}}, Reason.CARD_NUMBER_IN_TEXT),
        (Kind.PAYMENT_METHODS, {"id": "pm_1", "object": "mandate"}, Reason.UNKNOWN_OBJECT),
    ],
)
def test_what_is_wrong_is_told_by_a_reason_and_without_values(kind: Kind, value: object, reason: Reason) -> None:
    found = flaw(kind, value)
    assert found.reason is reason
    assert not Canary(NUMBER).in_text(found.detail, "detail")
    assert "2500" not in found.detail


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.CUSTOMERS, {"id": NUMBER}),
        (Kind.CUSTOMERS, {"id": "cus_1", "default_source": NUMBER}),
        (Kind.CHARGES, charge(customer=NUMBER)),
        (Kind.BALANCE_TRANSACTIONS, balance(source=NUMBER)),
        (Kind.PAYMENT_METHODS, {"id": "pm_1", "object": "payment_method", "type": NUMBER}),
        (Kind.PAYMENT_METHODS, {"id": "card_1", "customer": NUMBER, "exp_month": 1, "exp_year": 2030}),
    ],
)
def test_a_card_number_in_place_of_an_id_or_a_word_is_a_reason_that_shows_no_number(kind: Kind, value: object) -> None:
    (one,) = decoded(kind, value)
    assert isinstance(one.body, Flaw)
    assert one.body.reason is Reason.CARD_NUMBER_IN_TEXT
    assert not Canary(NUMBER).in_text(repr(one), "record")


@pytest.mark.parametrize(
    "raw", [b'{"id":"ch_1"', b"{'id':1}", b'{"id":"\xff"}', b"[" * 5_000, b'{"number":"5555555555554444",}']
)
@pytest.mark.parametrize("kind", list(Kind))
def test_bytes_that_are_no_json_are_told_by_their_place(kind: Kind, raw: bytes) -> None:
    (one,) = Decoder(kind, HASH_KEY).decode(raw)
    assert isinstance(one.body, Flaw)
    assert one.body.reason in {Reason.NOT_JSON, Reason.NOT_TEXT, Reason.UNKNOWN_OBJECT}
    assert not Canary(NUMBER).in_text(repr(one), "record")


def test_a_number_of_a_card_is_printed_by_nothing() -> None:
    (one,) = decoded(Kind.PAYMENT_METHODS, {"id": "card_1", "number": NUMBER, "exp_month": 1, "exp_year": 2030})
    assert not Canary(NUMBER).in_text(f"{one} {one!r} {one.body!r}", "text")
    with pytest.raises(TypeError):
        msgspec.json.encode(one.body)


def test_the_hash_is_of_the_object_and_not_of_its_blanks() -> None:
    compact = json.dumps(charge(), separators=(",", ":")).encode()
    pretty = json.dumps(charge(), indent=4).encode()
    one, other = (Decoder(Kind.CHARGES).decode(raw)[0] for raw in (compact, pretty))
    assert one.source_hash == other.source_hash == hashlib.sha256(compact).hexdigest()
    assert decoded(Kind.CHARGES, charge(amount=2_501))[0].source_hash != one.source_hash


def test_hashes_of_records_with_numbers_are_keyed() -> None:
    value = {"id": "card_1", "number": NUMBER, "exp_month": 1, "exp_year": 2030}
    raw = json.dumps(value, separators=(",", ":")).encode()
    one = Decoder(Kind.PAYMENT_METHODS, HASH_KEY).decode(raw)[0]
    assert one.source_hash == hmac.digest(HASH_KEY, raw, "sha256").hex()
    assert one.source_hash != hashlib.sha256(raw).hexdigest()


@settings(max_examples=40)
@given(
    kind=st.sampled_from(list(Kind)),
    place=st.integers(0, 10_000),
    put=st.binary(max_size=6) | st.sampled_from([b'"', b"{", b"null", b"1e99", b"\\", NUMBER.encode()]),
    cut=st.integers(0, 12),
)
def test_whatever_stands_in_a_record_is_a_record_or_a_reason_that_shows_no_number(
    kind: Kind, place: int, put: bytes, cut: int
) -> None:
    card = {"id": "card_1", "number": NUMBER, "exp_month": 5, "exp_year": 2031, "metadata": {"note": TYPED}}
    raw = json.dumps({**charge(), "cards": [card, card], "external_accounts": {"data": [card]}, "net": 5}).encode()
    place %= len(raw)
    spoiled = raw[:place] + put + raw[place + cut :]
    for one in Decoder(kind, HASH_KEY).decode(spoiled):
        assert len(one.source_hash) == 64
        if isinstance(one.body, Flaw):
            assert not Canary(NUMBER).in_text(f"{one.body.reason} {one.body.detail} {one.id}", "told")
