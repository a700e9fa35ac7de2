"""The smallest document that a store can keep, for tests of the store itself."""

from checks.facts import ObjectChanged
from payment_core.ledger.accounts import BANK, RAIL_CLEARING
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.posting import Hold
from payment_core.store.port import Transaction, Work
from payment_core.store.records import Document, kind_of
from payment_core.store.stage import Registry


class Paper(Document, frozen=True, gc=False, kw_only=True, tag="paper"):
    """A document with nothing on it but its life."""

    due_ms: int = 0
    holder: str = ""

    @property
    def due_at_ms(self) -> int:
        return self.due_ms

    @property
    def owner(self) -> str:
        return self.holder


REGISTRY = Registry((Paper, Hold))


def write_paper(transaction: Transaction, name: str, version: int = 1) -> str:
    """Write a version of the paper with its event."""
    paper = Paper(id=name, version=version, created_at_ms=transaction.now_ms, updated_at_ms=transaction.now_ms)
    fact = ObjectChanged(
        id=f"{name}.{version}.changed", at_ms=transaction.now_ms, subject=name, object=kind_of(Paper), status="written"
    )
    transaction.change(paper, fact)
    return name


def writing(name: str, version: int = 1) -> Work[str]:
    """The work that writes it."""
    return lambda transaction: write_paper(transaction, name, version)


def posting(name: str, cents: int) -> Work[object]:
    """The work that moves money from the rail's account to the bank's."""
    return lambda transaction: transaction.post(
        Journal(id=name, recipe="test", reference=name, moves=(Move(BANK.name, RAIL_CLEARING.name, cents),))
    )
