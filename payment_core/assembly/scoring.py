"""The fraud scorer with its windows filled from the outbox: at the start, and with what other processes see."""

from collections import OrderedDict

import msgspec
import structlog

from checks.facts import Fact, ObjectChanged, PaymentAttempted, PaymentRequested, PayoutRequested
from checks.scoring.compile import compile_fraud
from checks.scoring.engine import ScoringEngine
from config.fraud import Fraud
from config.loading.loader import Loaded
from payment_core.flags.context import provider_context, requested_context
from payment_core.flags.declared import FRAUD_DETECTOR, REVIEW, Context, Gates, NormalOperation
from payment_core.fraud.list_model import FraudListEntry
from payment_core.fraud.runtime_lists import RuntimeLists
from payment_core.fraud.scorer import FraudDecision, FraudScorer
from payment_core.fraud.screening import Screener
from payment_core.origin import Origin
from payment_core.store.port import Outbox, OutboxRow
from payment_core.store.records import kind_of

log = structlog.get_logger()

PAGE = 2_000
OWN_MAX = 100_000
"""Own facts that are remembered until they come by in the outbox: seconds' worth at full load."""

Counted = PaymentRequested | PaymentAttempted | PayoutRequested

_decode = msgspec.json.Decoder(Counted).decode
_KINDS = tuple(f'{{"kind":"{kind}"'.encode() for kind in ("payment.requested", "payment.attempted", "payout.requested"))

_decode_change = msgspec.json.Decoder(ObjectChanged).decode
_LIST_ENTRY = kind_of(FraudListEntry)
_LIST_MARK = f'"object":"{_LIST_ENTRY}"'.encode()


class SharedScorer:
    """Scores inline; what it scored or observed itself it does not count again when it reads the outbox.

    flags: while the fraud detector is set to ``review`` nothing is scored, so people look; names are still screened.
    """

    def __init__(self, scorer: FraudScorer, flags: Gates | None = None) -> None:
        self._scorer = scorer
        self._flags = NormalOperation() if flags is None else flags
        self._own: OrderedDict[str, None] = OrderedDict()

    def score(self, fact: PaymentRequested | PayoutRequested, now_ms: int, name: str | None = None) -> FraudDecision:
        """Decide about a request."""
        if self._flags.variant(FRAUD_DETECTOR, _context(fact)) == REVIEW:
            return self._scorer.unscored(name)
        self._remember(fact.id)
        return self._scorer.score(fact, now_ms, name)

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Learn how an attempt ended."""
        self._remember(fact.id)
        self._scorer.observe(fact, now_ms)

    def learn(self, fact: Fact, now_ms: int) -> None:
        """Count what another process saw."""
        if fact.id in self._own:
            del self._own[fact.id]
        else:
            self._scorer.observe(fact, now_ms)

    def _remember(self, fact_id: str) -> None:
        self._own[fact_id] = None
        if len(self._own) > OWN_MAX:
            self._own.popitem(last=False)


def _context(fact: PaymentRequested | PayoutRequested) -> Context:
    if isinstance(fact, PaymentRequested):
        return requested_context(fact)
    origin = Origin(fact.environment, fact.version, fact.region)
    return provider_context(origin, fact.provider_id, fact.amount_cents)


class OutboxFollower:
    """Job: takes over what other processes of the payment core wrote to the outbox since the last look.

    Requests and outcomes are counted; entries of the fraud lists are used at once.
    """

    def __init__(self, outbox: Outbox, scorer: SharedScorer, lists: RuntimeLists, after: str) -> None:
        self._outbox = outbox
        self._scorer = scorer
        self._lists = lists
        self._after = after

    async def run_once(self, now_ms: int) -> int:
        """Count the next page of events."""
        rows = await self._outbox.events(self._after, PAGE)
        for fact in counted(rows):
            self._scorer.learn(fact, now_ms)
        for entry_id in listed(rows):
            await self._lists.look_at(entry_id)
        if rows:
            self._after = rows[-1].place
        return len(rows)


def counted(rows: list[OutboxRow]) -> list[Counted]:
    """The facts among the events that fraud rules count."""
    return [_decode(row.body) for row in rows if row.body.startswith(_KINDS)]


def listed(rows: list[OutboxRow]) -> list[str]:
    """The ids of the entries of fraud lists that changed, each once."""
    changed = [_decode_change(row.body) for row in rows if _LIST_MARK in row.body]
    return list(dict.fromkeys(fact.subject for fact in changed if fact.object == _LIST_ENTRY))


def new_scorer(loaded: Loaded[Fraud], names: Screener) -> tuple[FraudScorer, ScoringEngine]:
    """A scorer over empty windows, and its engine. Raises ConfigurationError."""
    engine = ScoringEngine(compile_fraud(loaded))
    return FraudScorer(engine, names), engine


async def rebuild(engine: ScoringEngine, outbox: Outbox, after: str, now_ms: int) -> str:
    """Count the newest events again, in their order; returns the place after the last one. after: where to begin."""
    facts: list[Fact] = []
    while rows := await outbox.events(after, PAGE):
        facts.extend(fact for fact in counted(rows) if fact.at_ms >= now_ms - engine.longest_window_ms)
        after = rows[-1].place
    for fact in facts:
        engine.observe(fact, fact.at_ms)
    log.info("fraud windows rebuilt", action="fraud_rebuilt", facts=len(facts))
    return after
