"""Signs a report and puts it on record in the core's own audit trail."""

import hashlib
from collections.abc import Iterator

import msgspec

from payment_core.audit.signing import Signer
from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.errors import MigrationError
from payment_core.migration.reconciling.model import KeptPart, KeptReconciliation, Reconciliation
from payment_core.migration.reconciling.rendering import Report, as_csv, as_json, as_markdown
from payment_core.store.port import LedgerStore, Transaction

LAST = "last"
PART_ROWS = 1_000
"""Some 250 KB, of the 400 KB that an item of DynamoDB holds."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Signs a report: Ed25519 over ``statement``, the canonical JSON of the hashes and the time. sha256: of each file.

    The public key is the one that signs daily roots; it lies beside the database as ``audit-key.pub``.
    """

    files: dict[str, str]
    at_ms: int
    right: bool
    signature: str = ""

    def statement(self) -> bytes:
        """What is signed: everything but the signature, keys sorted, no spaces."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")


class SignedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a report by name, and their signature."""

    files: dict[str, bytes]
    signature: Signature


async def keep(store: LedgerStore, claimant: Claimant, result: Reconciliation, actor: str) -> None:
    """Remember the reconciliation for the report, and put on record what it found."""
    digest = hashlib.sha256(msgspec.json.encode(result, order="sorted")).hexdigest()
    word = "right" if result.right else f"{result.difference_count} differences"

    parts = tuple(_parts(result, digest[:16]))
    for part in parts:
        await _put(store, part, actor)

    def work(transaction: Transaction) -> tuple[str, ...]:
        before = transaction.get(KeptReconciliation, LAST)
        head = msgspec.structs.replace(result, accounts=(), differences=())
        transaction.put(KeptReconciliation(id=LAST, result=head, parts=tuple(part.id for part in parts)))
        claimant.note(transaction, "all", "verify", word, sha256=digest)
        return () if before is None else before.parts

    for name in set(await store.transact(work, actor)) - {part.id for part in parts}:
        await _delete(store, name, actor)


async def last(store: LedgerStore) -> Reconciliation | None:
    """The reconciliation that was made last."""
    while True:
        kept = await store.read(KeptReconciliation, LAST)
        if kept is None:
            return None
        parts = [part for name in kept.parts if (part := await store.read(KeptPart, name)) is not None]
        if len(parts) == len(kept.parts):
            return msgspec.structs.replace(
                kept.result,
                accounts=tuple(one for part in parts for one in part.accounts),
                differences=tuple(one for part in parts for one in part.differences),
            )
        if await store.read(KeptReconciliation, LAST) == kept:
            raise MigrationError("the last reconciliation is not whole; run tillwatch migrate verify again.")


def _parts(result: Reconciliation, name: str) -> Iterator[KeptPart]:
    for number, first in enumerate(range(0, len(result.accounts), PART_ROWS)):
        yield KeptPart(id=f"{name}:a{number:06}", accounts=result.accounts[first : first + PART_ROWS])
    for number, first in enumerate(range(0, len(result.differences), PART_ROWS)):
        yield KeptPart(id=f"{name}:d{number:06}", differences=result.differences[first : first + PART_ROWS])


async def _put(store: LedgerStore, part: KeptPart, actor: str) -> None:
    await store.transact(lambda transaction: transaction.put(part), actor)


async def _delete(store: LedgerStore, name: str, actor: str) -> None:
    await store.transact(lambda transaction: transaction.delete(KeptPart, name), actor)


async def signed(store: LedgerStore, claimant: Claimant, signer: Signer, report: Report, actor: str) -> SignedReport:
    """The report's files, signed; hash and signature stand in the core's audit trail before anybody has them."""
    files = {
        "migration-report.json": as_json(report),
        "migration-report.md": as_markdown(report).encode(),
        "migration-differences.csv": as_csv(report).encode(),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    unsigned = Signature(files=hashes, at_ms=report.made_at_ms, right=report.reconciliation.right)
    signature = msgspec.structs.replace(unsigned, signature=signer.sign(unsigned.statement()))
    digest = hashlib.sha256(signature.statement()).hexdigest()

    def work(transaction: Transaction) -> None:
        word = "right" if signature.right else "not right"
        claimant.note(transaction, "all", "report", word, sha256=digest, signature=signature.signature)

    await store.transact(work, actor)
    return SignedReport(files=files, signature=signature)
