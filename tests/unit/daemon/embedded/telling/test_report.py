"""The report says what the journal and the books say, and of the journal only this run."""

import msgspec
from msgspec import structs

from checks.facts import Deployment
from checks.findings import Finding, State
from daemon.embedded.marketplace.traffic import Answer, Tally
from daemon.embedded.telling.books import EventCounts
from daemon.embedded.telling.narration import line_of
from daemon.embedded.telling.report import LedgerRow, Report, iso, report
from daemon.embedded.telling.savings import Savings
from remediation.decisions import Decision, Outcome, OutcomeStatus, Reason
from remediation.folds import fold
from remediation.journal.entry import GENESIS_HASH, Entry, seal
from remediation.journal.kinds import Body, DaemonStarted, HealthChanged, Intent, draft
from tests.unit.remediation.worlds import finding

AT_MS = 1_795_462_067_637


def _finding(state: State = State.BREACHED) -> Finding:
    return finding(state=state, key={"environment": "green"}, value=0.05, samples=60, at_ms=AT_MS, fact_id="pay_1")


def _decision(reason: Reason = Reason.BREACHED) -> Decision:
    return Decision(
        id="dec-1",
        finding=_finding(),
        action="rollback.traffic",
        target="dns:payments.tillwatch.test",
        reason=reason,
        act=reason is Reason.BREACHED,
        key="key-1",
        at_ms=AT_MS + 5,
        detail="5 % of 60",
        arguments={"deployment_id": "prod-deploy-1", "from_environment": "green", "to_environment": "blue"},
    )


def _deployment() -> Deployment:
    return Deployment(
        id="d1",
        at_ms=AT_MS - 9_000,
        subject="prod-deploy-1",
        environment="green",
        version="2.0.0",
        previous_environment="blue",
        previous_version="1.0.0",
        status="started",
        weight_percent=25,
    )


def _intent() -> Intent:
    decision = _decision()
    return Intent(
        decision_id=decision.id,
        action=decision.action,
        target=decision.target,
        key=decision.key,
        arguments=decision.arguments,
        before={"blue": "75", "green": "25"},
        cause_at_ms=AT_MS,
    )


def _outcome() -> Outcome:
    return Outcome(
        decision_id="dec-1",
        action="rollback.traffic",
        target="dns:payments.tillwatch.test",
        key="key-1",
        status=OutcomeStatus.VERIFIED,
        at_ms=AT_MS + 90,
        called_at_ms=AT_MS + 60,
        cause_to_call_ms=60.0,
        verified_ms=30.0,
    )


def _entries(*bodies: Body) -> list[Entry]:
    entries: list[Entry] = []
    previous = GENESIS_HASH
    for number, body in enumerate(bodies, start=1):
        sealed = draft(body, actor="daemon", at_ms=AT_MS + number)
        entries.append(seal(sealed, sequence=number, epoch=1, previous_hash=previous))
        previous = entries[-1].hash
    return entries


def _report(entries: list[Entry], since: int = 0) -> Report:
    tally = Tally(attempted=4)
    for answer in (Answer.SUCCEEDED, Answer.SUCCEEDED, Answer.DECLINED, Answer.FAILED):
        tally.count(answer)
    return report(
        scenario="bad-canary",
        seconds=12.345,
        tally=tally,
        events=EventCounts(published=9, consumed=9, duplicates=1, lost=0),
        entries=[entry for entry in entries if entry.sequence > since],
        state=fold(entries),
        ledger=LedgerRow(balanced=True, entries=12),
        savings=Savings(percent=91.0, cents_per_100=30.0, cohort="cards"),
    )


def test_a_rollback_is_reported_from_finding_to_outcome() -> None:
    bodies = (DaemonStarted(version="1", holder="x"), _deployment(), _finding(), _decision(), _intent(), _outcome())
    made = _report(_entries(*bodies))
    assert [row.rule for row in made.findings] == ["payment-failure-rate"]
    assert [(row.reason, row.action) for row in made.decisions] == [("breached", "rollback.traffic")]
    (action,) = made.actions
    assert (action.outcome, action.cause_to_call_ms, action.verified_ms) == ("verified", 60.0, 30.0)
    assert [(row.id, row.severity, row.state) for row in made.incidents] == [("inc-3", 1, "open")]
    assert [(row.id, row.outcome) for row in made.deployments] == [("prod-deploy-1", "rolled_back")]


def test_what_former_runs_did_is_not_in_the_report_of_this_one() -> None:
    former = (_deployment(), _finding(), _decision(), _intent(), _outcome())
    made = _report(_entries(*former, DaemonStarted(version="1", holder="x")), since=5)
    assert not any([made.findings, made.decisions, made.actions, made.incidents, made.deployments])


def test_an_action_without_an_outcome_is_reported_as_open() -> None:
    made = _report(_entries(_deployment(), _finding(), _decision(), _intent()))
    assert [(row.key, row.outcome) for row in made.actions] == [("key-1", "open")]


def test_an_action_of_a_former_run_that_this_run_brought_to_its_end_is_reported_with_its_deployment() -> None:
    former = (_deployment(), _finding(), _decision(), _intent())
    made = _report(_entries(*former, DaemonStarted(version="1", holder="x"), _outcome()), since=4)
    assert [row.outcome for row in made.actions] == ["verified"]
    assert [(row.id, row.outcome) for row in made.deployments] == [("prod-deploy-1", "rolled_back")]


def test_only_breaches_are_findings_of_the_report() -> None:
    made = _report(_entries(_finding(), _finding(State.CLEARED), _finding(State.NO_DATA)))
    assert len(made.findings) == 1


def test_the_json_has_the_documented_shape() -> None:
    document = msgspec.json.decode(msgspec.json.encode(_report(_entries(_deployment(), _finding(), _decision()))))
    assert list(document) == [
        "scenario",
        "seconds",
        "payments",
        "events",
        "findings",
        "decisions",
        "actions",
        "incidents",
        "deployments",
        "ledger",
        "savings",
    ]
    assert {"attempted", "succeeded", "declined", "failed"} <= document["payments"].keys()
    assert list(document["events"]) == ["published", "consumed", "duplicates", "lost"]
    assert list(document["findings"][0]) == ["rule", "subject", "at"]
    assert list(document["decisions"][0]) == ["reason", "action", "target", "at"]
    assert list(document["incidents"][0]) == ["id", "severity", "state", "escalations"]
    assert list(document["deployments"][0]) == ["id", "version", "phase", "outcome"]
    assert list(document["ledger"]) == ["balanced", "entries"]
    assert list(document["savings"]) == ["percent", "cents_per_100", "cohort"]


def test_times_are_iso_8601_in_utc_to_the_millisecond() -> None:
    assert iso(AT_MS) == "2026-11-23T19:27:47.637Z"


def test_a_spectator_is_told_of_everything_but_what_repeats_another_line() -> None:
    told = [
        line_of(entry)
        for entry in _entries(
            DaemonStarted(version="1", holder="x"),
            _deployment(),
            _finding(),
            _finding(State.CLEARED),
            _finding(State.NO_DATA),
            _decision(),
            _decision(Reason.COOLING_DOWN),
            _decision(Reason.CLEARED),
            _outcome(),
            HealthChanged(component="db", status="unhealthy", previous_status="healthy", detail="slow"),
        )
    ]
    assert told == [
        "",
        "deployment prod-deploy-1 started: 25 % to green 2.0.0, traffic rollout",
        "breached: payment-failure-rate on green: 5 % of 60 in 60 s (limit > 2%)",
        "cleared: payment-failure-rate on green: 5 % of 60 in 60 s (limit > 2%)",
        "no data: payment-failure-rate on green: 5 % of 60 in 60 s (limit > 2%)",
        "decided: rollback.traffic on dns:payments.tillwatch.test (breached): 5 % of 60",
        "not done: rollback.traffic on dns:payments.tillwatch.test (cooling_down): 5 % of 60",
        "",
        "verified: rollback.traffic on dns:payments.tillwatch.test, 60 ms from cause to call, verified 30 ms later",
        "health: db is unhealthy, was healthy: slow",
    ]


def test_a_spectator_is_not_told_of_a_breach_that_is_only_watched_as_of_one_that_counts() -> None:
    (entry,) = _entries(structs.replace(_finding(), mode="shadow"))
    assert line_of(entry).startswith("watched in shadow, breached: ")
