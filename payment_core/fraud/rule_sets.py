"""The versions of the rules that ever scored, kept so that every stored score can be reached again."""

import zlib

import msgspec

from checks.scoring.compile import FraudRules, compile_fraud
from config.fraud import Fraud
from config.loading.document import Document
from config.loading.loader import Loaded
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Record

ACTOR = "core:fraud-rules"


class FraudRuleSet(Record, frozen=True, gc=False, kw_only=True, tag="fraud_rules"):
    """One version; the id is its digest. text: the file's content with its defaults as JSON, deflated."""

    text: bytes
    first_used_at_ms: int


async def keep_rules(store: LedgerStore, fraud: Fraud, version: str) -> None:
    """Keep the rules under their version, unless they are kept already."""
    text = zlib.compress(fraud.model_dump_json().encode())

    def work(transaction: Transaction) -> None:
        if transaction.get(FraudRuleSet, version) is None:
            transaction.put(FraudRuleSet(id=version, text=text, first_used_at_ms=transaction.now_ms))

    await store.transact(work, ACTOR)


def rules_of(kept: FraudRuleSet) -> FraudRules:
    """The rules as they scored. Raises ConfigurationError when this program does not understand them any more."""
    fraud = Fraud.model_validate(msgspec.json.decode(zlib.decompress(kept.text)), strict=False)
    return compile_fraud(Loaded(fraud, Document(f"rules {kept.id}", "", {})))


RULE_RECORDS: tuple[type[Record], ...] = (FraudRuleSet,)
