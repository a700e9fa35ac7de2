"""An export is read whole, from any place on, and what of it is not what its manifest says is told before it moves."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pysequoia
import pytest

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.exports.truth import Truth
from payment_core.migration.export.errors import (
    CountWrong,
    ExportError,
    FileMissing,
    FileTruncated,
    FileUnreadable,
    HashKeyMissing,
    HashWrong,
    KeyUnusable,
    ManifestUnusable,
)
from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import SECRET_KINDS, Kind
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from tests.exports.written import MADE_AT_MS, Given, charge, flaws, lines, opened, reads, records, write_file


@pytest.fixture(scope="module")
def secret() -> pysequoia.Tsk:
    """A private key of this run."""
    return pysequoia.Tsk.generate("Migration <migration@example.com>")


def amounts(found: list[Record]) -> dict[str, int]:
    """The sum of distinct records by currency, of those that have an amount."""
    sums: Counter[str] = Counter()
    for one in {record.id: record for record in found}.values():
        of = one.body.net if isinstance(one.body, BalanceTransaction) else getattr(one.body, "amount", None)
        if of is not None:
            sums[getattr(one.body, "currency", "")] += of
    return dict(sums)


def balances(found: list[Record]) -> dict[str, dict[str, int]]:
    """The sum of distinct nets, and of opening balances, by account and currency."""
    sums: dict[str, dict[str, int]] = {}
    for one in {record.id: record.body for record in found}.values():
        assert isinstance(one, BalanceTransaction | OpeningBalance)
        of = sums.setdefault("" if one.account is None else one.account, {})
        net = one.net if isinstance(one, BalanceTransaction) else one.amount
        of[one.currency] = of.get(one.currency, 0) + net
    return sums


async def assert_true(export: Export, truth: Truth) -> None:
    """Everything that is true of the export is found in it."""
    for kind in Kind:
        expected = truth.of(kind)
        assert (await export.prove(kind)).records == expected.records == export.records(kind)
        found = await reads(export, kind)
        usable = records(found)
        assert len(usable) == expected.usable
        assert len({record.id for record in usable}) == expected.distinct
        assert Counter(str(flaw.reason) for flaw in flaws(found)) == expected.malformed
        assert amounts(usable) == expected.amounts
        if kind is Kind.BALANCE_TRANSACTIONS:
            openings = records(await reads(export, Kind.OPENING_BALANCES))
            assert balances(openings) == truth.openings
            assert balances([*openings, *usable]) == truth.balances


@pytest.mark.parametrize("nested_cards", [True, False])
async def test_a_dirty_export_is_read_as_it_was_invented(
    tmp_path: Path, secret: pysequoia.Tsk, *, nested_cards: bool
) -> None:
    plan = ExportPlan(
        customers=80,
        cards=2,
        accounts=25,
        charges=300,
        dirt_percent=10,
        nested_cards=nested_cards,
        records_per_file=150,
    )
    truth = write_export(tmp_path, plan, bytes(secret.extract_certificate()))
    export = await opened(tmp_path, Given(bytes(secret)))
    assert len(export.files(Kind.CHARGES)) > 1
    await assert_true(export, truth)


async def test_an_export_that_was_cut_opens_with_what_is_missing(tmp_path: Path) -> None:
    plan = ExportPlan(customers=30, accounts=5, charges=200, payout_after=5, dirt_percent=5)
    whole = write_export(tmp_path / "whole", plan)
    cut_at = plan.made_at - 40 * 86_400
    truth = write_export(tmp_path / "cut", msgspec.structs.replace(plan, cut_at=cut_at))
    assert truth.balances == whole.balances
    export = await opened(tmp_path / "cut")
    await assert_true(export, truth)
    openings = records(await reads(export, Kind.OPENING_BALANCES))
    assert {getattr(one.body, "as_of", 0) for one in openings} == {cut_at}
    assert any(getattr(one.body, "pending", 0) != 0 for one in openings)
    moved = records(await reads(export, Kind.BALANCE_TRANSACTIONS))
    assert min(getattr(one.body, "created", 0) for one in moved) >= cut_at
    of_whole = await opened(tmp_path / "whole")
    assert of_whole.files(Kind.OPENING_BALANCES) == ()
    # What is behind the cut is the same, record for record.
    behind = [
        one
        for one in await reads(of_whole, Kind.PAYOUTS)
        if getattr(getattr(one, "body", None), "created", 0) >= cut_at
    ]
    cut = records(await reads(export, Kind.PAYOUTS))
    assert cut
    assert [one.source_hash for one in cut] == [one.source_hash for one in behind]


async def test_a_balance_is_one_record_for_each_of_its_currencies(tmp_path: Path) -> None:
    held = {"object": "balance", "as_of": 9, "pending": [{"amount": 7, "currency": "eur"}]}
    both = {**held, "available": [{"amount": 5, "currency": "usd"}, {"amount": -2, "currency": "eur"}]}
    write_file(tmp_path, Kind.OPENING_BALANCES, lines(both), records=2)
    write_file(tmp_path, Kind.OPENING_BALANCES, lines(both), records=2, account="acct_9")
    export = await opened(tmp_path)
    assert (await export.prove(Kind.OPENING_BALANCES)).records == 4
    found = await reads(export, Kind.OPENING_BALANCES)
    assert [one.id for one in found] == ["platform:usd", "platform:eur", "acct_9:usd", "acct_9:eur"]
    assert balances(records(found)) == {"": {"usd": 5, "eur": 5}, "acct_9": {"usd": 5, "eur": 5}}
    assert len({one.source_hash for one in found}) == 2
    for place, one in enumerate(found):
        assert await reads(export, Kind.OPENING_BALANCES, one.position) == found[place + 1 :]


async def test_a_clean_export_has_nothing_that_is_no_record(tmp_path: Path) -> None:
    truth = write_export(tmp_path, ExportPlan(customers=30, accounts=5, charges=150))
    assert not any(kind.malformed for kind in truth.kinds.values())
    await assert_true(await opened(tmp_path), truth)


async def test_reading_goes_on_after_any_record_of_any_kind(tmp_path: Path, secret: pysequoia.Tsk) -> None:
    plan = ExportPlan(
        customers=12, cards=3, accounts=8, charges=60, dirt_percent=15, payout_after=3, records_per_file=20
    )
    plan = msgspec.structs.replace(plan, cut_at=plan.made_at - 30 * 86_400)
    write_export(tmp_path, plan, bytes(secret.extract_certificate()))
    export = await opened(tmp_path, Given(bytes(secret)))
    for kind in Kind:
        found = await reads(export, kind)
        # Each reading of an encrypted file is a process of its own.
        places = {len(found) // 2} if kind in SECRET_KINDS else {0, 1, len(found) // 2, len(found) - 1}
        for place in places & set(range(len(found))):
            assert await reads(export, kind, found[place].position) == found[place + 1 :]


async def test_records_say_where_they_stood_and_when_they_were_so(tmp_path: Path) -> None:
    write_file(tmp_path, Kind.CHARGES, lines(charge(1)), records=1)
    write_file(tmp_path, Kind.CHARGES, lines(charge(2), charge(3)), records=2, account="acct_9")
    found = records(await reads(await opened(tmp_path), Kind.CHARGES))
    assert [record.origin for record in found] == ["charges-0.jsonl:1", "charges-1.jsonl:1", "charges-1.jsonl:2"]
    assert [getattr(record.body, "account", "") for record in found] == [None, "acct_9", "acct_9"]
    assert {record.occurred_at_ms for record in found} == {MADE_AT_MS}


def spoiled(content: bytes, how: str) -> bytes:
    return {"cut": content[: len(content) // 2], "changed": content.replace(b"2500", b"2501", 1), "empty": b""}[how]


@pytest.mark.parametrize("how", ["cut", "changed", "empty"])
@pytest.mark.parametrize("form", ["jsonl", "json"])
async def test_a_file_that_is_not_the_promised_one_is_told_before_anything_moves(
    tmp_path: Path, form: str, how: str
) -> None:
    objects = [charge(number) for number in range(5)]
    content = lines(*objects) if form == "jsonl" else json.dumps(objects).encode()
    write_file(
        tmp_path, Kind.CHARGES, spoiled(content, how), form, records=5, sha256=hashlib.sha256(content).hexdigest()
    )
    export = await opened(tmp_path)
    with pytest.raises(HashWrong, match="charges-0"):
        await export.prove(Kind.CHARGES)
    # Whoever reads without asking is told at the end all the same.
    with pytest.raises(ExportError):
        await reads(export, Kind.CHARGES)


@pytest.mark.parametrize(
    ("content", "form", "promised", "error"),
    [
        (lines(charge(1), charge(2)), "jsonl", 3, CountWrong),
        (lines(charge(1), charge(2)), "jsonl", 1, CountWrong),
        (b'[{"id":"ch_1"}', "json", 1, FileTruncated),
        (b'{"has_more":true,"data":[]}', "json", 0, FileTruncated),
        (b'"nothing"' * 10_000, "json", 1, FileUnreadable),
        (b"amount,currency\n1,usd\n", "csv", 1, FileUnreadable),
    ],
)
async def test_a_file_with_the_right_hash_and_the_wrong_content_is_told_before_anything_moves(
    tmp_path: Path, content: bytes, form: str, promised: int, error: type[ExportError]
) -> None:
    write_file(tmp_path, Kind.CHARGES, content, form, records=promised)
    export = await opened(tmp_path)
    with pytest.raises(error, match=r"charges-0"):
        await export.prove(Kind.CHARGES)
    with pytest.raises(error):
        await reads(export, Kind.CHARGES)


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_file(tmp_path, Kind.CHARGES, lines(charge()), records=1)
    write_file(tmp_path, Kind.CUSTOMERS, b"", records=0, encrypted=True)
    for name in ("charges-0.jsonl", "customers-1.jsonl"):
        (tmp_path / name).unlink()
    export = await opened(tmp_path, Given(b"key"))
    for kind, name in ((Kind.CHARGES, "charges-0"), (Kind.CUSTOMERS, "customers-1")):
        with pytest.raises(FileMissing, match=name):
            await export.prove(kind)
        with pytest.raises(FileMissing, match=name):
            await reads(export, kind)


async def test_records_with_numbers_are_read_with_a_hash_key_alone(tmp_path: Path) -> None:
    for kind in SECRET_KINDS:
        write_file(tmp_path, kind, b"", records=0)
    export = await Export.open(tmp_path)
    for kind in SECRET_KINDS:
        with pytest.raises(HashKeyMissing, match=kind):
            await reads(export, kind)
    with pytest.raises(ValueError, match="32 bytes"):
        await Export.open(tmp_path, hash_key=b"short")


async def test_an_encrypted_file_is_not_read_without_a_key(tmp_path: Path) -> None:
    write_file(tmp_path, Kind.CUSTOMERS, b"x", records=0, encrypted=True)
    with pytest.raises(KeyUnusable, match="customers-0"):
        await (await opened(tmp_path)).prove(Kind.CUSTOMERS)


def changed(change: Callable[[dict[str, object]], object]) -> bytes:
    line: dict[str, object] = {
        "kind": "charges",
        "name": "a.jsonl",
        "format": "jsonl",
        "records": 1,
        "sha256": "0" * 64,
    }
    manifest: dict[str, object] = {"made_at": "2026-11-01T00:00:00Z", "livemode": True, "account": "a", "files": [line]}
    change(manifest)
    return json.dumps(manifest).encode()


def first_file(**values: object) -> Callable[[dict[str, object]], object]:
    def change(manifest: dict[str, object]) -> None:
        files = manifest["files"]
        assert isinstance(files, list)
        files[0].update(values)

    return change


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "manifest.json"),
        (changed(lambda manifest: manifest.pop("made_at")), "made_at"),
        (changed(lambda manifest: manifest.update(made_at="2026-11-01T00:00:00")), "made_at"),
        (changed(lambda manifest: manifest.update(surprise=1)), "surprise"),
        (changed(first_file(kind="invoices")), r"files\[0\]"),
        (changed(first_file(sha256="abc")), "sha256"),
        (changed(first_file(records=-1)), "records"),
        (changed(first_file(name="../charges.jsonl")), "plain name"),
        (changed(first_file(name="/etc/passwd")), "plain name"),
        (changed(lambda manifest: manifest.update(files=manifest["files"] * 2)), "listed twice"),  # type: ignore[operator]  # a list
    ],
)
async def test_a_manifest_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ManifestUnusable, match=said):
        await opened(tmp_path)


async def test_a_directory_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnusable, match=r"manifest\.json"):
        await opened(tmp_path / "nowhere")


async def test_the_platform_has_one_balance_by_whichever_name_it_is_called(tmp_path: Path) -> None:
    platform, other = "acct_1", "acct_9"

    def sold(number: int, **said: object) -> dict[str, object]:
        of = {"amount": 7, "fee": 0, "net": 7, "currency": "usd", "created": 1_780_000_000}
        return {"object": "balance_transaction", "id": f"txn_{number}", "type": "charge", **of, **said}

    opens = {
        "object": "balance",
        "as_of": 1_760_000_000,
        "pending": [],
        "available": [{"amount": 5, "currency": "usd"}],
    }
    named = lines(sold(1), sold(2, account=platform), sold(3, account=other), sold(4, account=""))
    write_file(tmp_path, Kind.BALANCE_TRANSACTIONS, named, records=4)
    write_file(tmp_path, Kind.BALANCE_TRANSACTIONS, lines(sold(5)), records=1, account=platform)
    write_file(tmp_path, Kind.OPENING_BALANCES, lines({**opens, "account": platform}), records=1)
    export = await opened(tmp_path)
    found = [record.body for record in records(await reads(export, Kind.BALANCE_TRANSACTIONS))]
    assert [getattr(body, "account", "none") for body in found] == [None, None, other, None, None]
    assert [record.id for record in records(await reads(export, Kind.OPENING_BALANCES))] == ["platform:usd"]
