"""What the journal says when it is read from the start."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.findings import State as FindingState
from config.policy import Policy
from remediation.decide import decide
from remediation.decisions import Outcome, OutcomeStatus, Reason
from remediation.folds import apply, fold
from remediation.incidents.fold import incident_of
from remediation.journal.entry import GENESIS_HASH, Draft, Entry, canonical, seal
from remediation.journal.incident_kinds import IncidentAcknowledged, IncidentResolved
from remediation.journal.kinds import (
    BODY_TYPE_BY_KIND,
    Body,
    BudgetReached,
    DaemonStarted,
    DaemonStopped,
    HealthChanged,
    Intent,
    ReportWritten,
    body_of,
    draft,
)
from remediation.state import DECISIONS_MAX, INCIDENTS_MAX, IncidentState, State
from tests.unit.remediation.worlds import NOW_MS, TARGET, deployment, finding


def entries_of(*bodies: Body, actor: str = "daemon", start: int = 1) -> list[Entry]:
    return [
        seal(draft(body, actor=actor, at_ms=NOW_MS + place), sequence=place, epoch=1, previous_hash=GENESIS_HASH)
        for place, body in enumerate(bodies, start=start)
    ]


def folded(*bodies: Body, actor: str = "daemon") -> State:
    return fold(entries_of(*bodies, actor=actor))


BREACH = finding()
CLEAR = finding(state=FindingState.CLEARED, value=0.001)
ACT = decide(BREACH, folded(deployment()), Policy(), NOW_MS)
INTENT = Intent(
    decision_id=ACT.id,
    action=ACT.action,
    target=ACT.target,
    key=ACT.key,
    arguments=ACT.arguments,
    before={"blue": "50", "green": "50"},
    cause_at_ms=NOW_MS,
)


def outcome(status: OutcomeStatus, **changes: object) -> Outcome:
    ended = Outcome(
        decision_id=ACT.id, action=ACT.action, target=ACT.target, key=ACT.key, status=status, at_ms=NOW_MS, detail="so"
    )
    return replace(ended, **changes)


def test_a_serious_breach_opens_an_incident_named_by_its_entry() -> None:
    state = folded(deployment(), BREACH)
    incident = state.incidents["inc-2"]
    assert (incident.state, incident.severity, incident.rule_id) == (IncidentState.OPEN, 1, "payment-failure-rate")
    assert incident.findings == (BREACH,)


def test_the_same_breach_again_stays_one_incident() -> None:
    state = folded(BREACH, BREACH, finding(value=0.2))
    assert list(state.incidents) == ["inc-1"]
    assert len(state.incidents["inc-1"].findings) == 3


def test_another_key_is_another_incident() -> None:
    assert len(folded(BREACH, finding(key={"environment": "blue"})).incidents) == 2


def test_a_cleared_rule_resolves_its_incident_and_a_new_breach_opens_a_new_one() -> None:
    state = folded(BREACH, CLEAR, BREACH)
    assert state.incidents["inc-1"].state is IncidentState.RESOLVED
    assert state.incidents["inc-1"].resolved_at_ms == NOW_MS + 2
    assert state.incidents["inc-3"].state is IncidentState.OPEN


def test_missing_data_neither_opens_nor_resolves_an_incident() -> None:
    dark = finding(state=FindingState.NO_DATA, value=None)
    assert folded(dark).incidents == {}
    assert folded(BREACH, dark).incidents["inc-1"].state is IncidentState.OPEN


def test_silence_that_pages_opens_one_incident_which_data_resolves() -> None:
    silent = finding(state=FindingState.NO_DATA, value=None, no_data="page")
    state = folded(silent, silent)
    assert [(one.id, one.state) for one in state.incidents.values()] == [("inc-1", IncidentState.OPEN)]
    assert folded(silent, CLEAR).incidents["inc-1"].state is IncidentState.RESOLVED


def test_a_graver_finding_makes_its_incident_graver_and_a_milder_one_does_not_make_it_milder() -> None:
    mild, grave = finding(severity="medium"), finding(severity="critical")
    assert folded(mild, grave).incidents["inc-1"].severity == 1
    assert folded(grave, mild).incidents["inc-1"].severity == 1
    assert list(folded(finding(severity="low"), mild).incidents) == ["inc-2"]


def test_shadow_rules_and_low_severities_open_nothing() -> None:
    assert folded(finding(mode="shadow"), finding(severity="low")).incidents == {}


def test_a_person_acknowledges_once_and_resolves() -> None:
    state = fold(entries_of(IncidentAcknowledged(incident_id="inc-1"), actor="ana", start=2), folded(BREACH))
    state = fold(entries_of(IncidentAcknowledged(incident_id="inc-1"), actor="bob", start=3), state)
    assert state.incidents["inc-1"].acknowledged_by == "ana"
    state = fold(entries_of(IncidentResolved(incident_id="inc-1"), actor="bob", start=4), state)
    assert (state.incidents["inc-1"].state, state.incidents["inc-1"].resolved_by) == (IncidentState.RESOLVED, "bob")


def test_a_decision_is_told_in_its_incident_and_in_the_list_of_why_not() -> None:
    held = decide(BREACH, State(), Policy(), NOW_MS)
    state = folded(BREACH, held)
    assert [one.reason for one in state.decisions] == [Reason.NO_DEPLOYMENT]
    assert state.incidents["inc-1"].decisions == state.decisions
    assert state.actions == {}


def test_a_decision_to_act_takes_its_target_until_the_outcome() -> None:
    assert folded(deployment(), BREACH, ACT).targets[TARGET].running == ACT.id
    assert folded(deployment(), BREACH, ACT, INTENT).targets[TARGET].running == ACT.id
    assert folded(deployment(), BREACH, ACT, INTENT, outcome(OutcomeStatus.FAILED)).targets[TARGET].running == ""


def test_an_outcome_is_told_wherever_its_decision_is() -> None:
    state = folded(deployment(), BREACH, ACT, INTENT, outcome(OutcomeStatus.VERIFIED))
    assert state.decisions[-1].outcome is OutcomeStatus.VERIFIED
    assert state.incidents["inc-2"].decisions[-1].outcome_detail == "so"
    assert state.actions[ACT.id].status is OutcomeStatus.VERIFIED
    assert state.actions[ACT.id].before == {"blue": "50", "green": "50"}


def test_an_action_spends_cool_down_and_budget_from_its_intent_on() -> None:
    state = folded(deployment(), BREACH, ACT, INTENT)
    assert state.targets[TARGET].acted_at_ms == NOW_MS + 4
    assert state.intents_at_ms == (NOW_MS + 4,)


def test_a_refusal_spends_neither() -> None:
    state = folded(deployment(), BREACH, ACT, outcome(OutcomeStatus.REFUSED, refusal="dead", detail=""))
    assert (state.targets[TARGET].acted_at_ms, state.intents_at_ms) == (0, ())
    assert state.targets[TARGET].refused_at_ms == NOW_MS + 4
    assert state.decisions[-1].outcome_detail == "dead"


def test_only_what_was_seen_in_effect_rolls_a_deployment_back() -> None:
    for status in OutcomeStatus:
        state = folded(deployment(), BREACH, ACT, INTENT, outcome(status))
        done = status in {OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE}
        assert state.deployments["dep-1"].rolled_back is done, status


def test_a_rolled_back_deployment_stays_so_whatever_its_events_say_later() -> None:
    state = folded(
        deployment(),
        BREACH,
        ACT,
        INTENT,
        outcome(OutcomeStatus.VERIFIED),
        deployment(at_ms=NOW_MS + 60_000, weight_percent=100),
    )
    assert state.deployments["dep-1"].rolled_back
    assert (state.deployments["dep-1"].status, state.deployments["dep-1"].weight_percent) == ("rolled_back", 0)


def test_deployment_events_count_in_the_order_of_their_own_time() -> None:
    late = deployment(at_ms=NOW_MS - 60_000, status="started", weight_percent=5)
    assert folded(deployment(), late).deployments["dep-1"].weight_percent == 50


def test_kinds_that_say_nothing_about_state_move_the_sequence_and_its_moment_alone() -> None:
    health = HealthChanged(component="ledger", status="healthy", previous_status="unknown", detail="")
    state = folded(DaemonStopped(reason="asked to stop"), health)
    assert state == replace(State(), sequence=2, hash=state.hash, at_ms=state.at_ms)


def test_what_the_clock_does_is_known_since_the_first_start_and_by_its_newest_slot() -> None:
    def report(slot_ms: int) -> ReportWritten:
        return ReportWritten(
            job="daily-savings",
            slot_ms=slot_ms,
            first_day="2026-11-08",
            until_day="2026-11-09",
            place="here",
            sha256="",
            summary="",
        )

    budget = BudgetReached(month="2026-11", threshold_percent=50, spent_cents=1, budget_cents=2)
    started = DaemonStarted(version="0.1.0", holder="here")
    once = folded(started)
    state = folded(started, report(7), started, report(5), budget)
    assert state.first_started_at_ms == once.first_started_at_ms > 0
    assert (state.reports, state.budgets) == ({"daily-savings": 7}, (("2026-11", 50),))


def test_a_kind_of_a_newer_version_is_passed_over() -> None:
    newer = Draft(at_ms=0, kind="newer.kind", actor="daemon", body=msgspec.Raw(b"{}"))
    entry = seal(newer, sequence=1, epoch=1, previous_hash=GENESIS_HASH)
    assert apply(State(), entry).sequence == 1


def test_every_kind_decodes_to_what_was_encoded() -> None:
    for body in (BREACH, CLEAR, ACT, INTENT, outcome(OutcomeStatus.VERIFIED), deployment()):
        (entry,) = entries_of(body)
        assert body_of(entry) == body
        assert canonical(body_of(entry)) == bytes(entry.body)
    assert len(set(BODY_TYPE_BY_KIND.values())) == len(BODY_TYPE_BY_KIND)


def test_every_list_is_bounded_and_open_incidents_outlive_resolved_ones() -> None:
    bodies: list[Body] = [finding(key={"customer": "first"}), finding(key={"customer": "second"})]
    bodies.append(finding(key={"customer": "second"}, state=FindingState.CLEARED))
    bodies += [finding(key={"customer": str(number)}) for number in range(INCIDENTS_MAX - 1)]
    bodies += [decide(finding(fact_id=str(number)), State(), Policy(), NOW_MS) for number in range(DECISIONS_MAX + 5)]
    state = folded(*bodies)
    assert len(state.incidents) == INCIDENTS_MAX
    assert incident_of(state, finding(key={"customer": "first"}).fingerprint) is not None
    assert incident_of(state, finding(key={"customer": "second"}).fingerprint) is None
    assert len(state.decisions) == DECISIONS_MAX


@given(
    st.lists(st.sampled_from([BREACH, CLEAR, deployment(), ACT, INTENT, outcome(OutcomeStatus.FAILED)]), max_size=12)
)
def test_any_order_of_entries_folds_and_in_two_parts_as_in_one(bodies: list[Body]) -> None:
    entries = entries_of(*bodies)
    half = len(entries) // 2
    assert fold(entries[half:], fold(entries[:half])) == fold(entries)
