"""Invented exports are the same for the same plan, hold test numbers alone, and every cent in them is accounted for."""

import json
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.us import rtn

from daemon.embedded.exports.generating import TRUTH, write_export
from daemon.embedded.exports.people import BAD_ROUTING_NUMBER, BRANDS, ROUTING_NUMBERS, card_number
from daemon.embedded.exports.plan import ExportPlan
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason
from payment_core.vault.numbers.sensitive import Pan

PLAN = ExportPlan(customers=40, accounts=6, charges=400, payout_after=5, dirt_percent=8)


def objects(folder: Path, kind: Kind) -> list[dict[str, object]]:
    """The objects of a kind that are JSON Lines, without those that are none."""
    found = []
    for path in sorted(folder.glob(f"{kind}-*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found


def test_the_same_plan_makes_the_same_bytes(tmp_path: Path) -> None:
    one, other, third = (tmp_path / name for name in ("one", "other", "third"))
    assert write_export(one, PLAN) == write_export(other, PLAN)
    files = sorted(path.name for path in one.iterdir())
    assert files == sorted(path.name for path in other.iterdir())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in files)
    write_export(third, ExportPlan(seed=2, customers=40, accounts=6, charges=400, payout_after=5, dirt_percent=8))
    assert (third / "charges-0000.jsonl").read_bytes() != (one / "charges-0000.jsonl").read_bytes()


@settings(max_examples=30)
@given(st.integers(0, 10**8 - 1))
def test_card_numbers_are_right_and_of_ranges_for_tests(number: int) -> None:
    brand, digits = card_number(number)
    assert luhn.is_valid(digits)
    assert Pan(digits).brand.name.lower().startswith(brand[:4])
    assert digits[:6] in {prefix for _, prefix, _ in BRANDS}


def test_routing_numbers_are_right_but_for_the_one_that_is_to_be_wrong() -> None:
    assert all(rtn.is_valid(number) for number in ROUTING_NUMBERS)
    assert not rtn.is_valid(BAD_ROUTING_NUMBER)


def test_every_cent_of_an_account_comes_from_a_transaction_that_is_written(tmp_path: Path) -> None:
    truth = write_export(tmp_path, ExportPlan(customers=40, accounts=6, charges=400, payout_after=5))
    sums: Counter[tuple[str, str]] = Counter()
    for one in objects(tmp_path, Kind.BALANCE_TRANSACTIONS):
        amount, fee, net = (int(str(one[name])) for name in ("amount", "fee", "net"))
        assert net == amount - fee
        sums["" if one["account"] is None else str(one["account"]), str(one["currency"])] += net
    assert dict(sums) == {(owner, name): net for owner, of in truth.balances.items() for name, net in of.items()}
    assert json.loads((tmp_path / TRUTH).read_bytes())["balances"] == truth.balances


def test_money_of_a_charge_and_its_refunds_is_moved_once(tmp_path: Path) -> None:
    write_export(tmp_path, ExportPlan(customers=40, accounts=6, charges=400, payout_after=5))
    moves = {str(one["id"]): one for one in objects(tmp_path, Kind.BALANCE_TRANSACTIONS)}
    taken = [one for one in objects(tmp_path, Kind.CHARGES) if one["balance_transaction"] is not None]
    assert taken
    for charge in taken:
        move = moves[str(charge["balance_transaction"])]
        assert (move["amount"], move["source"]) == (charge["amount"], charge["id"])
    refunds = json.loads((tmp_path / "refunds-0000.json").read_bytes())["data"]
    assert refunds
    for refund in refunds:
        assert moves[refund["balance_transaction"]]["amount"] == -refund["amount"]


def test_the_processor_takes_what_its_price_list_says(tmp_path: Path) -> None:
    write_export(tmp_path, ExportPlan(customers=40, accounts=0, charges=300))
    of_cards = [
        one
        for one in objects(tmp_path, Kind.BALANCE_TRANSACTIONS)
        if one["type"] == "charge" and one["currency"] == "usd"
    ]
    assert of_cards
    for one in of_cards:
        amount, details = int(str(one["amount"])), one["fee_details"]
        assert isinstance(details, list)
        # 2.9 % + 30 c, and 1.5 % for a card from abroad, each rounded half up.
        assert details[0]["amount"] == (amount * 29 + 500) // 1_000 + 30
        assert [part["amount"] for part in details[1:]] in ([], [(amount * 15 + 500) // 1_000])


def test_dirt_of_every_sort_is_there_and_counted(tmp_path: Path) -> None:
    plan = ExportPlan(customers=60, cards=2, accounts=30, charges=300, dirt_percent=30, payout_after=5)
    truth = write_export(tmp_path, plan)
    assert truth.of(Kind.CUSTOMERS).marks["deleted"] > 0
    assert set(truth.of(Kind.PAYMENT_METHODS).marks) == {"expired", "mistyped", "same_number"}
    assert set(truth.of(Kind.ACCOUNTS).marks) == {"closed"}
    assert set(truth.of(Kind.BANK_ACCOUNTS).marks) == {"bad_routing", "verification_failed"}
    assert {"failed", "half_refunded", "pending", "succeeded", "uncaptured"} <= set(truth.of(Kind.CHARGES).marks)
    assert set(truth.of(Kind.CHARGES).malformed) == set(Reason) - {Reason.NOT_TEXT, Reason.NOT_CSV, Reason.INCOMPLETE}
    assert truth.of(Kind.CHARGES).usable > truth.of(Kind.CHARGES).distinct
