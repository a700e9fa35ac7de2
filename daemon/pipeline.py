"""The one flow: facts are recorded and evaluated, findings are decided on, decisions are carried out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import Deployment, Fact
from checks.findings import Finding
from checks.findings import State as FindingState
from config.policy import Policy
from daemon.engine_tally import EngineCounts, EngineTally
from daemon.errors import CheckpointFailed
from daemon.rule_time import RuleTime
from daemon.storage.checkpoint import PROBES, Checkpoint, Recorded
from daemon.traces.causes import Causes
from daemon.view.news import News
from daemon.view.series import PaymentSeries
from remediation.decide import decide
from remediation.decisions import Decision
from remediation.deployment.telling import OWN_RULES
from remediation.errors import NotJournaled
from remediation.executor import Executor
from remediation.flags.telling import FLAG_RULES
from remediation.guardrails.precedence import settle
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.scaling_findings import CAPACITY_RULES

log = structlog.get_logger()

RULES_OF_NO_FILE = OWN_RULES | FLAG_RULES | CAPACITY_RULES
"""What deployments, ramps and decisions about capacity find."""

WAITING_FINDINGS_MAX = 10_000
"""Findings between evaluation and decision; when full, sources wait and the queue keeps their messages."""

MOMENT_FINDINGS_MAX = 20
"""Findings that are weighed against each other: each may cost a journal entry, and the first one waits for the last."""

ALL_KEYS = 1_000_000
"""As many as a rule may have."""

JOURNAL_PAUSE_SECONDS = 1.0
"""Between two tries to write a journal whose disk is full; nothing is decided in between."""


def kept_nowhere(facts: Sequence[Fact]) -> None:
    """No archive is kept."""


class Pipeline:
    """Takes facts from every source in one order. changed: called when something to show has changed.

    archived: told of the facts that were new, when they are on disk; it does not wait.
    A message became facts before it came here: its source translates it, or puts it into quarantine.
    """

    def __init__(
        self,
        *,
        checkpoint: Checkpoint,
        engine: Engine,
        series: PaymentSeries,
        writer: JournalWriter,
        executor: Executor,
        clock: Clock,
        changed: Callable[[], None],
        archived: Callable[[Sequence[Fact]], None] = kept_nowhere,
    ) -> None:
        self._checkpoint = checkpoint
        self._engine = engine
        self._rules = {compiled.rule.id: compiled.rule for compiled in engine.rules}
        self._tally = EngineTally()
        self._series = series
        self._writer = writer
        self._executor = executor
        self._clock = clock
        self._changed = changed
        self._archived = archived
        self._findings: asyncio.Queue[Finding] = asyncio.Queue(WAITING_FINDINGS_MAX)
        self._news = News(writer.state)
        self._causes = Causes()
        self._acting: set[str] = set()
        # Whoever holds the turn has the engine for itself: facts and ticks, a snapshot, a change of rules.
        self.turn = asyncio.Lock()
        self.place = 0
        """Of the last facts that the engine has seen, in the checkpoint's log."""
        self.time = RuleTime()
        self.accepted_at_ms: dict[str, int] = {}
        """When each source last brought facts."""
        self._journal_fault = ""
        self._action_fault = ""
        self._checkpoint_fault = ""

    @property
    def engine(self) -> Engine:
        """The engine that evaluates at this moment; a change of rules puts another one in its place."""
        return self._engine

    @property
    def policy(self) -> Policy:
        """What is decided by at this moment; the executor has it, which decides once more before it acts."""
        return self._executor.policy

    @property
    def news(self) -> News:
        """What was told about each rule and key."""
        return self._news

    def adopt(self, engine: Engine, place: int) -> None:
        """Evaluate with this engine, which has seen the facts up to this place; the caller has the turn."""
        self._tally.follow(self._engine, engine)
        self._engine = engine
        self._rules = {compiled.rule.id: compiled.rule for compiled in engine.rules}
        self.place = place

    async def find(self, finding: Finding) -> None:
        """Have a finding decided on that no rule made: one of RULES_OF_NO_FILE."""
        await self._findings.put(finding)

    def is_watched(self, finding: Finding) -> bool:
        """Whether a rule still says something about this key, and means it as seriously as it was meant."""
        if finding.rule_id in RULES_OF_NO_FILE:
            return True
        rule = self._rules.get(finding.rule_id)
        return rule is not None and set(rule.per) == finding.key.keys() and rule.mode == finding.mode

    @property
    def engine_counts(self) -> EngineCounts:
        """What the engines have counted since the start; a change of rules takes nothing away."""
        return self._tally.counts(self._engine)

    def follow(self, policy: Policy) -> None:
        """Decide by this policy from now on."""
        self._executor.follow(policy)

    @property
    def fault(self) -> str:
        """Why nothing can be decided, done or taken in right now; empty when journal and checkpoint take entries."""
        faults = (self._journal_fault, self._action_fault, self._checkpoint_fault)
        return next((fault for fault in faults if fault), "")

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Record, evaluate and hand over for deciding; on return a checkpoint on disk holds the facts."""
        now_ms = self._clock.now_ms()
        await self._journal_deployments(facts)
        # What is recorded is evaluated too, or a snapshot would say that the engine has seen what it has not.
        self._causes.note()
        await self._hand_over(await asyncio.shield(self._take(facts, source, now_ms)), now_ms)
        self._changed()

    async def tick(self) -> None:
        """Let time pass for the rules, and decide again on whatever is in breach."""
        # Whatever is still in breach is tried again now, and says so again when it cannot be recorded.
        self._action_fault = ""
        for moment_ms in self.time.moments(self._clock.now_ms()):
            async with self.turn:
                findings = self._engine.tick(moment_ms)
            await self._hand_over(findings)
            # After an outage there are hundreds of moments, and others want the loop between them.
            await asyncio.sleep(0)
        await self._hand_over(self._engine.breached())
        self._changed()

    async def reconcile(self) -> None:
        """Clear the incidents whose rule says that all is well and holds no open episode: a restart lost the moment."""
        unresolved = [
            incident
            for incident in self._writer.state.incidents.values()
            if incident.awaits_evidence and incident.findings
        ]
        if not unresolved:
            return
        clear = {
            (reading.rule_id, tuple(sorted(reading.key.items()))): reading
            for reading in self._engine.current(ALL_KEYS)
            if reading.state is FindingState.CLEARED
        }
        for incident in unresolved:
            last = incident.findings[-1]
            reading = clear.get((last.rule_id, tuple(sorted(last.key.items()))))
            if reading is not None and last.state is not FindingState.CLEARED:
                await self._findings.put(
                    replace(
                        last,
                        state=FindingState.CLEARED,
                        value=reading.value,
                        samples=reading.samples,
                        at_ms=self._clock.now_ms(),
                        fact_id="",
                    )
                )

    async def decide_for_ever(self) -> None:
        """Decide on findings in the order in which they came; what acts is carried out beside the next decisions."""
        async with asyncio.TaskGroup() as acting:
            while True:
                decided = await self._decided_at_once()
                settled = settle(decided)
                self._acting -= {one.finding.fingerprint for one in decided} - {
                    one.finding.fingerprint for one in settled
                }
                for decision in settled:
                    acting.create_task(self._carry_out(decision), name=f"carry out {decision.id}")

    async def _decided_at_once(self) -> list[Decision]:
        """What acts of all that waits at this moment; each rule and key counts as acting from here on."""
        found = [await self._findings.get()]
        while len(found) < MOMENT_FINDINGS_MAX and not self._findings.empty():
            found.append(self._findings.get_nowait())
        decisions = []
        for finding in found:
            decision = await self._decided(finding)
            if decision is not None:
                self._acting.add(finding.fingerprint)
                decisions.append(decision)
        return decisions

    async def _take(self, facts: Sequence[Fact], source: str, now_ms: int) -> list[Finding]:
        recorded = await self._record(facts, source, now_ms)
        async with self.turn:
            self.accepted_at_ms[source] = now_ms
            if not recorded.facts:
                return []
            if source != PROBES:
                self.time.heard(max(fact.at_ms for fact in recorded.facts), now_ms)
            self._archived(recorded.facts)
            self._series.count(recorded.facts)
            self._series.observe(recorded.facts, now_ms)
            self.place = recorded.sequence
            return self._engine.observe(recorded.facts, now_ms)

    async def _record(self, facts: Sequence[Fact], source: str, now_ms: int) -> Recorded:
        try:
            recorded = await self._checkpoint.record(facts, source, now_ms)
        except CheckpointFailed as fault:
            self._checkpoint_fault = str(fault)
            raise
        self._checkpoint_fault = ""
        return recorded

    async def _decided(self, finding: Finding) -> Decision | None:
        """Journal the finding if it is news and decide on it; the decision if it acts, else None."""
        if finding.rule_id not in self._rules and finding.rule_id not in RULES_OF_NO_FILE:
            # It waited while a reload took its rule away.
            return None
        if self._news.is_finding(finding):
            await self._journal(lambda: self._writer.append(finding))
            self._news.told_finding(finding)
        if finding.fingerprint in self._acting:
            return None
        decision = decide(finding, self._writer.state, self.policy, self._clock.now_ms())
        if not self._news.is_decision(decision):
            return None
        if decision.act and self._clock.now_ms() >= self._writer.lease.until_ms:
            # The executor would refuse after the intent, and that starts a cool-down; a tick after the renewal acts.
            log.warning("not acting without a lease", action="lease_ran_out", decision_id=decision.id)
            return None
        self._news.told_decision(decision)
        if decision.act:
            return decision
        await self._journal(lambda: self._executor.carry_out(decision))
        return None

    async def _carry_out(self, decision: Decision) -> None:
        try:
            await self._executor.carry_out(decision)
        except NotJournaled as fault:
            # Whatever is left open is brought to its end by recovery, on a tick, once the journal takes entries again.
            self._action_fault = str(fault)
            log.error("action not recorded", action="journal_fault", decision_id=decision.id, fault=str(fault))
            self._news.forget_decision(decision)
        finally:
            self._acting.discard(decision.finding.fingerprint)
        self._changed()

    async def _journal(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write until the disk takes it; nothing else is decided before, because it could not be accounted for."""
        while True:
            try:
                await write()
            except NotJournaled as fault:
                self._journal_fault = str(fault)
                log.error("journal does not take entries", action="journal_fault", fault=str(fault))
                await self._clock.sleep(JOURNAL_PAUSE_SECONDS)
            else:
                self._journal_fault = ""
                self._changed()
                return

    async def _journal_deployments(self, facts: Sequence[Fact]) -> None:
        """Deployments are folds over the journal, so they stand there before anything is evaluated with them."""
        for fact in facts:
            if isinstance(fact, Deployment) and self._news.is_deployment(fact, self._writer.state):
                await self._writer.append(fact)

    async def _hand_over(self, findings: Sequence[Finding], heard_at_ms: int = 0) -> None:
        for finding in self._causes.told(findings, heard_at_ms):
            await self._findings.put(finding)
