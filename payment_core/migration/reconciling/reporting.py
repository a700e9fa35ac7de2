"""Signs a report and puts it on record in the core's own audit trail."""

import hashlib

import msgspec

from payment_core.audit.signing import Signer
from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.reconciling.model import KeptReconciliation, Reconciliation
from payment_core.migration.reconciling.rendering import Report, as_csv, as_json, as_markdown
from payment_core.store.port import LedgerStore, Transaction

LAST = "last"


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

    def work(transaction: Transaction) -> None:
        kept = msgspec.structs.replace(result, differences=result.differences[:KEPT_MAX])
        transaction.put(KeptReconciliation(id=LAST, result=kept))
        claimant.note(transaction, "all", "verify", word, sha256=digest)

    await store.transact(work, actor)


KEPT_MAX = 1_000
"""Differences that are kept for the report: an item of DynamoDB holds 400 KB."""


async def last(store: LedgerStore) -> Reconciliation | None:
    """The reconciliation that was made last."""
    kept = await store.read(KeptReconciliation, LAST)
    return None if kept is None else kept.result


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
