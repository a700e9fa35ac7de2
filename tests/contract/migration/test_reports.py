"""A report says what was found, is signed, and stands in the core's own audit trail before anybody has it."""

import csv
import hashlib
import io
from contextlib import suppress

import msgspec
import pytest

from payment_core.audit.signing import Ed25519Checker, Ed25519Signer
from payment_core.errors import StoreClosed
from payment_core.migration.export.kinds import Kind
from payment_core.migration.model import Historical, MigrationAct
from payment_core.migration.names import JobName
from payment_core.migration.proof.sides import Difference
from payment_core.migration.reconciling.model import AccountResult, KeptPart
from payment_core.migration.reconciling.rendering import Report
from payment_core.migration.reconciling.reporting import SignedReport, keep, last, signed
from payment_core.store.port import Transaction
from payment_core.store.records import Listing
from payment_core.store.walking import every
from tests.contract.migration.bent_stores import FailingStore
from tests.contract.migration.invented import whole
from tests.contract.migration.worlds import ACTOR, World, reconciled, run_all

SIGNER = Ed25519Signer(bytes(range(32)))


async def reported(world: World, *, spoiled: bool) -> SignedReport:
    """The report of a migration of which, when it is spoiled, a row was taken away."""
    source = whole(3)
    source.spoil(Kind.CUSTOMERS)
    await run_all(world, source)
    if spoiled:

        def take_away(transaction: Transaction) -> None:
            transaction.delete(Historical, "charges:ch_2")

        await world.store.transact(take_away, "somebody")
    claimant = world.runner().claimant(world.limits)
    await keep(world.store, claimant, await reconciled(world, source), ACTOR)
    found = await last(world.store)
    assert found is not None
    jobs = tuple([await world.runner().status(job) for job in JobName])
    report = Report(made_at_ms=world.clock.now_ms(), reconciliation=found, jobs=jobs)
    return await signed(world.store, claimant, SIGNER, report, ACTOR)


async def test_a_signature_holds_for_every_file_and_for_nothing_else(plain: World) -> None:
    made = await reported(plain, spoiled=False)
    checker = Ed25519Checker(SIGNER.public_key)
    assert checker.check(made.signature.statement(), made.signature.signature)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in made.files.items()}
    assert made.signature.files == hashes
    changed = msgspec.structs.replace(made.signature, right=False)
    assert not checker.check(changed.statement(), made.signature.signature)


async def test_the_report_stands_in_the_audit_trail_with_its_hash(plain: World) -> None:
    made = await reported(plain, spoiled=False)
    acts = await plain.store.query(Listing(MigrationAct, owner="all"))
    by_act = {act.act: act for act in acts}
    assert {name: act.detail for name, act in by_act.items()} == {"verify": "right", "report": "right"}
    assert by_act["report"].signature == made.signature.signature
    assert by_act["report"].sha256 == hashlib.sha256(made.signature.statement()).hexdigest()
    rows = await plain.store.audit(0, 0, 10_000)
    assert {row.id for row in rows if row.kind == "migration_act"} >= {act.id for act in acts}


@pytest.mark.parametrize("spoiled", [False, True])
async def test_each_difference_is_a_line_for_a_spreadsheet_and_said_on_the_page(
    plain: World,
    spoiled: bool,
) -> None:
    made = await reported(plain, spoiled=spoiled)
    lines = list(csv.reader(io.StringIO(made.files["migration-differences.csv"].decode())))
    page = made.files["migration-report.md"].decode()
    assert lines[0] == ["what", "export", "here"]
    whats = {line[0] for line in lines[1:]}
    assert whats == ({"charges:ch_2"} if spoiled else set())
    assert ("**NOT RIGHT**" in page) is spoiled
    assert "| customers | not_json | 1 |" in page
    assert made.signature.right is not spoiled


async def test_what_was_found_is_kept_whole_however_many_balances_and_differences_there_are(world: World) -> None:
    claimant = world.runner().claimant(world.limits)
    small = await reconciled(world, whole(1))
    accounts = tuple(
        AccountResult(account=f"history_balance/acct_{number:018}", currency="USD", exported=number, here=0, waiting=0)
        for number in range(5_000)
    )
    differences = tuple(Difference(f"{one.account} USD", str(one.exported), "0") for one in accounts)
    large = msgspec.structs.replace(
        small, right=False, accounts=accounts, difference_count=len(differences), differences=differences
    )
    for found in (large, small, large):
        await keep(world.store, claimant, found, ACTOR)
        assert await last(world.store) == found
    parts = [one async for one in every(world.store, Listing(KeptPart, limit=10))]
    assert len(parts) == 10, "those of earlier ones are gone"


@pytest.mark.parametrize("after", [False, True])
async def test_a_verify_that_is_killed_while_it_notes_its_finding_leaves_the_one_before_or_its_own(
    plain: World, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr("payment_core.migration.reconciling.reporting.PART_ROWS", 1)
    claimant = plain.runner().claimant(plain.limits)
    first = await reconciled(plain, whole(1))
    await keep(plain.store, claimant, first, ACTOR)
    assert len(first.differences) > 3
    is_through, fails_at = False, 0
    while not is_through:
        fails_at += 1
        found = msgspec.structs.replace(first, began_at_ms=fails_at)
        before = await last(plain.store)
        failing = FailingStore(plain.store, fails_at, after=after)
        with suppress(StoreClosed):
            await keep(failing, claimant, found, ACTOR)
        is_through = not failing.failed
        assert await last(plain.store) in ([found] if is_through else [before, found])
    assert fails_at > len(first.differences)
