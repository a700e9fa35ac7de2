"""What leaving the processor saves, held against figures that were worked out by hand."""

from xml.etree import ElementTree as ET

import msgspec
import pytest

from config.prices import Price, PriceSheet, UnitPrice
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction, FeeDetail
from payment_core.migration.export.shapes.charge import Charge, PaidWith
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.savings.amounts import cents, dollars, percent
from payment_core.migration.savings.fees import FeeKind, fees_of, is_sale
from payment_core.migration.savings.gathering import Cohort, Gathering
from payment_core.migration.savings.model import Simulation
from payment_core.migration.savings.picture import picture
from payment_core.migration.savings.question import Question
from payment_core.migration.savings.simulation import simulate
from payment_core.migration.savings.ways import Ratio, Usage, Way, parts_of
from payment_core.migration.savings.wording import as_markdown, not_compared, summary

CENT = 1_000_000
DAY = 86_400
BEGAN = 1_780_000_000
NOTHING = UnitPrice(microcents_per_thousand=0, source="a test")


def price(item_cents_x100: int, basis_points: int = 0) -> Price:
    return Price(name="a price", item_cents_x100=item_cents_x100, basis_points=basis_points, source="a test")


def sheet(ach_cents_x100: int = 2_500) -> PriceSheet:
    """22 c + 5 bp by card, 25 c by bank debit and for a payout, 25 c a file, $2 a returned entry."""
    return PriceSheet.model_validate(
        {
            "effective_from": "2024-01-01",
            "baseline": price(3_000, 315),
            "card": price(2_200, 5),
            "ach": price(ach_cents_x100),
            "payout": price(2_500),
            "ach_file": price(2_500),
            "ach_return": price(20_000),
            **dict.fromkeys(
                ("kms_request", "dynamodb_write_unit", "dynamodb_read_unit", "queue_request", "compute_second"), NOTHING
            ),
        }
    )


def detail(amount: int, description: str = "Processing fees", kind: str = "stripe_fee") -> FeeDetail:
    return FeeDetail(amount=amount, currency="usd", type=kind, description=description)


def moved(
    number: int, amount: int, *details: FeeDetail, kind: str = "charge", currency: str = "usd", **more: object
) -> BalanceTransaction:
    fee = sum(one.amount for one in details)
    made = BalanceTransaction(
        id=f"txn_{number}",
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=currency,
        type=kind,
        created=BEGAN,
        fee_details=details,
    )
    return msgspec.structs.replace(made, **more)


def paid_out(number: int, status: str = "paid") -> Payout:
    return Payout(id=f"po_{number}", amount=5, currency="usd", created=BEGAN, status=status)


@pytest.mark.parametrize(
    ("transaction", "fees"),
    [
        (moved(1, 10_000, detail(320)), [(FeeKind.PROCESSING, 320)]),
        (
            moved(1, 10_000, detail(320), detail(150, "International card")),
            [(FeeKind.PROCESSING, 320), (FeeKind.INTERNATIONAL, 150)],
        ),
        (moved(1, 10_000, detail(200, "Currency conversion")), [(FeeKind.CONVERSION, 200)]),
        (moved(1, 10_000, detail(800, "fee", "application_fee")), []),
        (moved(1, 10_000, detail(26, "VAT", "tax")), [(FeeKind.TAX, 26)]),
        (moved(1, -10_000, detail(1_500, "Dispute fee"), kind="adjustment"), [(FeeKind.DISPUTE, 1_500)]),
        (moved(1, -10_000, detail(400, "x"), kind="payment_failure_refund"), [(FeeKind.BANK_RETURN, 400)]),
        (moved(1, -275, kind="stripe_fee", description="Connect payout fee"), [(FeeKind.PAYOUT, 275)]),
        (moved(1, -200, kind="stripe_fee", description="Active account fee"), [(FeeKind.ACCOUNT, 200)]),
        (moved(1, 50, kind="stripe_fee", description="Credit"), [(FeeKind.OTHER, -50)]),
        (moved(1, 10_000, fee=320), [(FeeKind.PROCESSING, 320)]),
        (moved(1, 10_000, fee=800, account="acct_1"), []),
    ],
)
def test_each_fee_is_told_by_what_it_was_for(transaction: BalanceTransaction, fees: list[tuple[FeeKind, int]]) -> None:
    assert list(fees_of(transaction)) == fees


def test_a_destination_charge_arrives_once() -> None:
    mirrored = detail(800, "Marketplace fee", "application_fee")
    assert is_sale(moved(1, 10_000, detail(320)))
    assert not is_sale(moved(2, 10_000, mirrored, kind="payment", account="acct_1"))
    assert is_sale(moved(3, 10_000, detail(320), mirrored, account="acct_1"))
    assert not is_sale(moved(4, -10_000, kind="refund"))


def test_the_cost_of_a_cohort_is_the_formula_worked_out_by_hand() -> None:
    cohort = Cohort(payments=100, amount=1_000_000)
    way = Way(name="w", rail="ach", payouts=Ratio(1, 10), entries=55, returns=Ratio(1, 200))
    parts = parts_of(way, cohort, sheet(), Usage(kms=30_000, fixed=70_000_000))
    assert parts == {
        "rail": 100 * 25 * CENT,  # 100 debits of 25 c
        "payout": 10 * 25 * CENT,  # ten payouts of 25 c
        "ach_file": 50 * CENT,  # 110 entries in two files of 25 c
        "ach_return": 100 * CENT,  # half an entry of $2
        "kms": 3 * CENT,  # 100 times 0.03 c
        "fixed": 7_000 * CENT,  # 100 times 70 c
    }
    by_card = parts_of(msgspec.structs.replace(way, rail="card"), cohort, sheet(), Usage())
    assert by_card == {
        "rail": (100 * 22 + 500) * CENT,  # 22 c each, and 5 bp of $10,000
        "payout": 250 * CENT,
        "ach_file": 10 * 25 * CENT // 55 + 1,  # ten entries of payouts alone, rounded up
    }


def gathered() -> Gathering:
    """A hundred payments of $100 by card, 320 c each; ten by bank debit, 80 c each; ten payouts, two returns.

    Beside them $5 a month for accounts, a dispute's $15, and one payment in yen.
    """
    found = Gathering()
    for number in range(10):
        found.charge(
            Charge(
                id=f"py_{number}",
                amount=10_000,
                currency="usd",
                status="succeeded",
                created=BEGAN,
                payment_method_details=PaidWith(type="us_bank_account"),
            )
        )
        found.balance_transaction(moved(1_000 + number, 10_000, detail(80), kind="payment", source=f"py_{number}"))
        found.payout(paid_out(number))
    for number in range(100):
        found.balance_transaction(moved(number, 10_000, detail(320), created=BEGAN + (number % 10) * DAY))
    for number in range(2):
        back = detail(400, "Failed ACH payment")
        found.balance_transaction(moved(2_000 + number, -10_000, back, kind="payment_failure_refund"))
    found.balance_transaction(moved(3_000, -500, kind="stripe_fee", description="Active account fee"))
    found.balance_transaction(moved(3_001, -10_000, detail(1_500, "Dispute fee"), kind="adjustment"))
    found.balance_transaction(
        moved(3_002, 9_000, FeeDetail(amount=324, currency="jpy", type="stripe_fee"), currency="jpy")
    )
    return found


def asked(found: Gathering, prices: PriceSheet | None = None, **question: object) -> Simulation:
    asking = Question(target_basis_points=9_800, **question)  # type: ignore[arg-type]  # fields of the question
    return simulate(found, sheet() if prices is None else prices, asking, account="acct_1", made_at="today")


def test_what_was_charged_is_told_by_currency_and_never_added_up_across() -> None:
    jpy, usd = asked(gathered()).charged
    assert (usd.currency, usd.payments, usd.amount, usd.payouts, usd.disputes) == ("usd", 110, 1_100_000, 10, 1)
    assert usd.fees == {"account": 500, "bank_return": 800, "dispute": 1_500, "processing": 32_800}
    assert (usd.total, usd.compared) == (35_600, 34_100)
    assert usd.per_100_microcents == 323_636_364  # 35,600 c of $11,000, rounded up
    assert (jpy.currency, jpy.fees, jpy.total) == ("jpy", {"processing": 324}, 324)


def test_repeated_records_count_once() -> None:
    found = gathered()
    again = asked(found)
    for number in range(100):
        found.balance_transaction(moved(number, 10_000, detail(320)))
    found.payout(paid_out(3))
    found.payout(paid_out(77, "failed"))
    assert asked(found) == again


def test_each_cohort_is_held_against_its_own_fees_and_its_part_of_the_others() -> None:
    bank, card = asked(gathered()).cohorts
    assert (bank.rail, bank.band, bank.payments) == ("ach", "$100 to $250", 10)
    # 1,300 c of accounts and returns, a tenth and ten tenths of the amounts: 118 c and 1,182 c.
    assert (bank.charged_cents, card.charged_cents) == (800 + 118, 32_000 + 1_182)
    assert card.charged_per_100_microcents == 331_820_000
    as_now, by_debit = (card.ways[0], card.ways[1])
    # 27 c each by card; ten payouts for 110 payments make ten for 100, at 25 c; two entries in a file.
    assert as_now.parts == {"rail": 2_700 * CENT, "payout": 250 * CENT, "ach_file": 125 * CENT}
    assert as_now.saving_basis_points == (33_182 - 3_075) * 10_000 // 33_182 == 9_073
    # 25 c each; 110 entries in files of 12; two in ten come back at $2.
    assert by_debit.parts == {
        "rail": 2_500 * CENT,
        "payout": 250 * CENT,
        "ach_file": 229_166_667,
        "ach_return": 4_000 * CENT,
    }
    assert not card.reaches


def test_the_reason_says_what_is_needed_in_the_arithmetic_of_one_payment() -> None:
    _, card = asked(gathered()).cohorts
    assert card.reason == (
        "The processor took 331.82 c of $100.00; 98.00 % saved leaves 6.64 c; by same rail, payouts as now it costs "
        "30.75 c (27.00 c taking it + 2.50 c its part of a payout + 1.25 c of a file): 90.73 % saved. "
        "The rail (a price) would have to take 2.89 c, not 27.00 c; or the ticket be $1,573.58, at the same share for "
        "the processor."
    )


def test_the_ticket_that_is_named_would_reach_the_aim_and_a_dollar_less_would_not() -> None:
    # 25.75 c are the same for each payment, 5 bp grow with it; the processor takes 3.3182 %.
    for ticket_cents, reaches in ((157_358, True), (157_258, False)):
        spent = 25_750_000 + ticket_cents * 5 * 100
        left = 33_182 * ticket_cents * 2 // 100
        assert (spent <= left) is reaches


def test_a_cohort_reaches_the_aim_where_entries_are_cheap_and_payouts_are_netted() -> None:
    found = asked(gathered(), sheet(ach_cents_x100=100), netting=100, entries_per_file=1_000, returns_basis_points=0)
    _, card = found.cohorts
    best = card.ways[-1]
    assert best.name == "bank debit, payouts of 100"
    # 1 c each, one payout of 25 c, 101 entries in a file of a thousand.
    assert best.parts == {"rail": 100 * CENT, "payout": 25 * CENT, "ach_file": 2_525_000, "ach_return": 0}
    assert best.saving_basis_points == 9_961
    assert card.reaches
    assert "99.61 % saved" in card.reason
    assert "would have to" not in card.reason
    assert "card $100 to $250" in summary(found)


def test_a_rail_that_takes_too_much_of_the_amount_is_said_to_reach_nothing() -> None:
    dear = sheet()
    dear = dear.model_copy(update={"card": price(0, 100), "ach": price(9_000)})
    _, card = asked(gathered(), dear).cohorts
    assert "1.00 % of the amount is more than that, whatever the ticket" in card.reason


def test_a_way_of_paying_that_there_is_no_rail_for_is_said_to_have_none() -> None:
    found = Gathering()
    found.balance_transaction(moved(1, 5_000, detail(200), kind="payment", source="py_ideal"))
    (other,) = asked(found).cohorts
    assert (other.rail, other.ways, other.reaches) == ("other", (), False)
    assert "no rail" in other.reason
    assert "can be compared" in summary(asked(found))
    assert "1 payment of 50.00 usd, with fees of 2.00 usd: there is no rail here" in as_markdown(asked(found))


def test_an_export_without_payments_says_so_everywhere() -> None:
    nothing = asked(Gathering())
    assert (nothing.charged, nothing.cohorts, nothing.total) == ((), (), ())
    assert "nothing is known of its fees" in as_markdown(nothing)
    drawn(nothing)


def test_what_was_measured_and_a_fixed_bill_are_part_of_every_payment() -> None:
    dear = asked(gathered(), usage=Usage(kms=1, dynamodb=2, queue=3, compute=4, fixed=5 * CENT)).cohorts[1].ways[0]
    cheap = asked(gathered()).cohorts[1].ways[0]
    assert dear.cost_microcents - cheap.cost_microcents == 100 * (5 * CENT + 10)


@pytest.mark.parametrize("currency", ["usd", "eur", "kwd"])
def test_every_fee_is_compared_or_named_with_its_sum(currency: str) -> None:
    found = gathered()
    found.balance_transaction(moved(901, 700, detail(30), currency=currency, kind="payment", source="py_ideal"))
    found.balance_transaction(moved(902, -50, detail(9, "Dispute fee"), currency=currency, kind="adjustment"))
    simulation = asked(found)
    for charged in simulation.charged:
        named = sum(one.fees for one in simulation.not_compared if one.currency == charged.currency)
        compared = simulation.total_charged_cents if charged.currency == "usd" else 0
        assert compared + named == charged.total


def test_the_whole_is_the_sum_of_its_cohorts() -> None:
    found = asked(gathered())
    for place, total in enumerate(found.total):
        assert total.cost_microcents == sum(cohort.ways[place].cost_microcents for cohort in found.cohorts)
    assert found.total_charged_cents == 34_100


def test_markdown_names_every_number_and_where_it_is_from() -> None:
    text = as_markdown(asked(gathered()))
    assert "| usd | 110 | 11000.00 usd | 356.00 usd | 323.64 hundredths |" in text
    assert "| jpy | 1 | 9000 jpy | 324 jpy |" in text
    assert "- Payments in a payout as now: 11.00 (10 payouts for 110 payments in the export)" in text
    assert "- Bank debits that come back: 20.00 % (2 of 10 in the export)" in text
    assert "- 1 dispute, with fees of 15.00 usd: an acquirer charges for that, too." in text
    assert "- 1 payment of 9000 jpy, with fees of 324 jpy: prices are in US cents" in text
    assert "--data-dir" in text


def drawn(simulation: Simulation) -> ET.Element:
    """The picture, which is XML."""
    return ET.fromstring(picture(simulation))  # noqa: S314 - our own


def test_the_picture_says_in_words_what_it_draws() -> None:
    root = drawn(asked(gathered()))
    assert root.get("role") == "img"
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "What leaving the processor saves, aim 98.00 %"
    assert "card $100 to $250, same rail, payouts as now: 90.73 % saved" in titles
    assert "prefers-color-scheme: dark" in picture(asked(gathered()))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    left_out = [f"Not compared: {sentence}" for sentence in not_compared(asked(gathered()))]
    assert texts[-2:] == left_out
    (description,) = root.iter("{http://www.w3.org/2000/svg}desc")
    assert str(description.text).endswith(" ".join(left_out))


@pytest.mark.parametrize(
    ("microcents", "decimals", "text"),
    [
        (28_114_999, 2, "28.11 c"),
        (28_115_000, 2, "28.12 c"),
        (-4, 2, "0.00 c"),
        (-5_000, 2, "-0.01 c"),
        (7, 4, "0.0000 c"),
    ],
)
def test_cents_are_rounded_half_up(microcents: int, decimals: int, text: str) -> None:
    assert cents(microcents, decimals) == text


def test_amounts_are_written_for_people() -> None:
    assert (dollars(-123_405), percent(9_073), percent(-31_788)) == ("-$1,234.05", "90.73 %", "-317.88 %")
