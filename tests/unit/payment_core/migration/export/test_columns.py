"""Rows of the processor's reports and of its transfer file are the objects that its API would write."""

import pytest

from payment_core.migration.export.decoding.amounts import AmountUnreadable, major_text, minor_units
from payment_core.migration.export.decoding.columns import Columns
from payment_core.migration.export.decoding.decoder import Decoder
from payment_core.migration.export.errors import FileUnreadable
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.migration.export.shapes.payout import Payout
from payment_core.vault.numbers.sensitive import Sensitive
from tests.exports.written import HASH_KEY

NUMBER = "5555555555554444"


def test_rows_of_the_processors_reports_are_read() -> None:
    header = (
        b"balance_transaction_id,created_utc,created,available_on_utc,currency,gross,fee,net,reporting_category,"
        b"source_id,description,customer_id"
    )
    row = b'txn_1,2026-03-01 10:00:00,2026-03-01 02:00:00,,USD,25.00,1.03,23.97,charge,ch_1,"A, B",cus_1'
    columns = Columns(Kind.BALANCE_TRANSACTIONS, header)
    values = columns.row(row)
    assert isinstance(values, dict)
    one = Decoder(Kind.BALANCE_TRANSACTIONS).decode_row(values, row)
    assert one.body == BalanceTransaction(
        id="txn_1",
        amount=2_500,
        fee=103,
        net=2_397,
        currency="usd",
        type="charge",
        created=1_772_359_200,
        description="A, B",
        reporting_category="charge",
        source="ch_1",
    )


def test_rows_of_sigma_are_read() -> None:
    header = b"id,amount,currency,created,status,captured,card_last4,card_brand,customer_id,metadata[Crm],dispute_id"
    row = b"ch_1,2500,usd,2026-03-01T10:00:00Z,succeeded,true,4242,Visa,cus_1,x,"
    values = Columns(Kind.CHARGES, header).row(row)
    assert isinstance(values, dict)
    found = Decoder(Kind.CHARGES).decode_row(values, row).body
    assert isinstance(found, Charge)
    card = found.payment_method_details.card
    assert card is not None
    assert (card.last4, found.captured, found.customer, found.created) == ("4242", True, "cus_1", 1_772_359_200)
    assert found.metadata == {"Crm": "x"}


def test_rows_of_the_transfer_file_are_read_with_and_without_the_prefix() -> None:
    for header in (
        b"description,name,email,id,card.exp_month,card.exp_year,card.id,card.name,card.number,default_source",
        b"x,y,email,customer,exp_month,exp_year,id,name,number,default_source",
    ):
        row = f"d,n,a@example.com,cus_1,9,2027,card_1,A B,{NUMBER},card_1".encode()
        values = Columns(Kind.PAYMENT_METHODS, header).row(row)
        assert isinstance(values, dict)
        found = Decoder(Kind.PAYMENT_METHODS, HASH_KEY).decode_row(values, row).body
        assert isinstance(found, PaymentMethod)
        assert (found.customer, found.name, found.exp_year, found.is_default) == ("cus_1", "A B", 2027, True)
        assert found.number == Sensitive(NUMBER)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"po_1,10,usd,1", Reason.NOT_CSV),
        (b'po_1,"10,usd,1,paid', Reason.NOT_CSV),
        (b"po_1,10,usd,1,\xff", Reason.NOT_TEXT),
        (b"po_1,10,usd,yesterday,paid", Reason.WRONG_FIELD),
    ],
)
def test_rows_that_are_none_are_told(row: bytes, reason: Reason) -> None:
    found = Columns(Kind.PAYOUTS, b"id,amount,currency,created,status").row(row)
    assert isinstance(found, Flaw)
    assert found.reason is reason


def test_a_payouts_row_without_an_amount_lacks_a_field() -> None:
    columns = Columns(Kind.PAYOUTS, b"id,amount,currency,created,status")
    values = columns.row(b"po_1,,usd,1,paid")
    assert isinstance(values, dict)
    found = Decoder(Kind.PAYOUTS).decode_row(values, b"").body
    assert isinstance(found, Flaw)
    assert found.reason is Reason.MISSING_FIELD
    whole = columns.row(b"po_1,5,usd,1,paid")
    assert isinstance(whole, dict)
    assert Decoder(Kind.PAYOUTS).decode_row(whole, b"").body == Payout(
        id="po_1", amount=5, currency="usd", created=1, status="paid"
    )


def test_a_row_of_opening_balances_is_an_account_and_a_currency() -> None:
    columns = Columns(Kind.OPENING_BALANCES, b"connected_account,currency,available,pending,as_of")
    found = []
    for row in (b"acct_9,USD,2500,-3,2026-03-01 10:00:00", b",jpy,0,0,77", b",usd,5,,77"):
        values = columns.row(row)
        assert isinstance(values, dict)
        found.append(Decoder(Kind.OPENING_BALANCES).decode_row(values, row).body)
    assert found[:2] == [
        OpeningBalance(account="acct_9", currency="usd", available=2_500, pending=-3, as_of=1_772_359_200),
        OpeningBalance(currency="jpy", available=0, pending=0, as_of=77),
    ]
    assert isinstance(found[2], Flaw)
    assert found[2].reason is Reason.MISSING_FIELD
    with pytest.raises(FileUnreadable, match="currency"):
        Columns(Kind.OPENING_BALANCES, b"account,available,pending,as_of")


@pytest.mark.parametrize("header", [b"amount,currency", b"id,ID", b"", b'"id', b"id,\xff", b"created,created_utc"])
def test_a_header_that_cannot_be_used_is_told_at_once(header: bytes) -> None:
    with pytest.raises(FileUnreadable):
        Columns(Kind.CHARGES, header)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("12.30", "usd", 1_230), ("-0.05", "usd", -5), ("500", "jpy", 500), ("1.234", "kwd", 1_234), ("7", "eur", 700)],
)
def test_decimals_become_minor_units_exactly(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount
    assert minor_units(major_text(amount, currency).split()[0], currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [("12.305", "usd"), ("1.5", "jpy"), ("NaN", "usd"), ("1e999999", "usd"), ("5", ""), ("x", "usd"), ("1,5", "usd")],
)
def test_what_is_no_amount_of_its_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(AmountUnreadable):
        minor_units(text, currency)
