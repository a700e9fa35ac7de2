"""What pages make of what is known: every figure with its sum, every limit with its use, and no data as no data."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
import pytest_asyncio

from checks.facts import HealthProbed, HealthStatus
from checks.findings import State as ReadingState
from config.calendars.calendar import Calendar, CalendarWindow
from config.calendars.freeze import Freeze
from config.policy import GuardPolicy, Policy
from config.rules.rule_file import Rule
from config.rules.slo import BurnRateMeasure
from daemon.cores.books import AccountTotal, TrialBalance
from daemon.cores.books_watch import BooksKnown, BooksWatch, Known
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.console.compose import LEDGER_STALE_MS
from daemon.http.console.figures.automation import AutomationPanel, automation_panel
from daemon.http.console.figures.money import money_panel
from daemon.http.console.figures.objectives import objective_rows
from daemon.http.console.pages.costs import compose as costs_page
from daemon.http.console.pages.deployments import compose_list as deployments_page
from daemon.http.console.pages.deployments import compose_one as deployment_page
from daemon.http.console.pages.fraud import compose as fraud_page
from daemon.http.console.pages.incidents import compose as incidents_page
from daemon.http.console.pages.ledger import compose as ledger_page
from daemon.http.console.pages.overview import compose as overview
from daemon.http.console.pages.rules import compose_one as rule_page
from daemon.http.console.pages.schedules import compose as schedules_page
from daemon.http.options import HttpOptions
from daemon.http.words.wording import NO_DATA
from daemon.schedule import Standing
from remediation.errors import WorldUnreachable
from remediation.guardrails.state import StopState
from remediation.state import HOUR_MS, State, TargetState
from tests.unit.daemon.http.deploying import ID
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.full_house import Books, Costs, broken_ledger, full_house, packaged
from tests.unit.daemon.http.rendering import scene_of
from tests.unit.daemon.http.story import healthy, options, reading
from tests.unit.remediation.worlds import FakeClock

Full = tuple[FakeView, HttpOptions]
BALANCED = LedgerStatus(balanced=True, entries=12, checked_at_ms=NOW_MS - 1_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(tmp_path_factory: pytest.TempPathFactory) -> Full:
    """A daemon with something on every page; no test changes it."""
    return await full_house(tmp_path_factory.mktemp("full"))


def limits(policy: Policy, state: State) -> dict[str, tuple[str, str]]:
    panel = automation_panel(policy, state, 0, NOW_MS)
    assert panel is not None
    return {row.what: (row.used, row.state) for row in panel.limits}


def stopped_panel(state: State, policy: Policy | None = None) -> AutomationPanel:
    panel = automation_panel(Policy() if policy is None else policy, state, 0, NOW_MS)
    assert panel is not None
    return panel


# --- automation ---------------------------------------------------------------------------------------------------


def test_where_no_policy_is_known_nothing_is_said_of_what_may_be_done() -> None:
    assert automation_panel(None, State(), 0, NOW_MS) is None


def test_what_is_used_of_a_budget_is_what_the_last_hour_spent() -> None:
    state = State(intents_at_ms=(NOW_MS - HOUR_MS, NOW_MS - 5, NOW_MS - 4), scaled_at_ms=(NOW_MS - 3,) * 30)
    found = limits(Policy(), state)
    assert found["Actions"] == ("2 of 4 in the hour", "free")
    assert found["Changes of capacity"] == ("30 of 30 in the hour", "used up")
    assert found["Entries on fraud lists"] == ("0 of 20 in the hour", "free")
    assert found["Hold every payment"][1] == "closed"


def test_a_budget_that_is_spent_says_when_the_first_of_it_comes_back() -> None:
    state = State(intents_at_ms=tuple(NOW_MS - 60_000 * minute for minute in (50, 40, 30, 20)))
    (row,) = [one for one in stopped_panel(state).limits if one.what == "Actions"]
    assert row.until is not None
    assert row.until.text == "19:10:00"


def test_a_freeze_that_holds_and_a_target_that_cools_down_are_closed_until_they_are_not() -> None:
    day = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    freeze = Freeze(start=day.replace(hour=0), end=day.replace(hour=23), reason="sales")
    policy = Policy(guard=GuardPolicy(freezes=(freeze,)), calendars=())
    state = State(
        targets={
            "dns:payments": TargetState(acted_at_ms=NOW_MS - 12_000),
            "scale:us-east-1/core": TargetState(acted_at_ms=NOW_MS - 12_000),
            "dns:other": TargetState(acted_at_ms=NOW_MS - 300_001),
        }
    )
    found = {row.what: row for row in stopped_panel(state, policy).limits}
    assert found["Calendar guard-freezes"].why == "sales"
    assert found["dns:payments"].state == "closed"
    assert not {"dns:other", "scale:us-east-1/core"} & set(found)


def test_a_stop_and_the_switch_to_observe_are_said_before_any_limit() -> None:
    stop = StopState(at_ms=NOW_MS, by="ann", reason="looking at the rail")
    stopped = stopped_panel(State(stopped=stop))
    assert (stopped.state, "ann stopped automation" in stopped.words.lower()) == ("stopped", True)
    observing = stopped_panel(State(), Policy(guard=GuardPolicy(observe_only=True)))
    assert observing.state == "observes"
    assert stopped_panel(State()).state == "acts"


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ledger", [None, replace(BALANCED, checked_at_ms=NOW_MS - LEDGER_STALE_MS - 1)])
def test_without_a_proof_that_is_new_nothing_is_said_to_be_accounted_for(ledger: LedgerStatus | None) -> None:
    off, held, _, proof = money_panel(ledger, None, NOW_MS).figures
    assert (off.shown, off.tone) == (NO_DATA, "")
    assert held.shown == NO_DATA
    assert proof.tone == "odd"


def test_the_cents_that_are_off_are_counted_whichever_way() -> None:
    off = money_panel(broken_ledger(), None, NOW_MS).figures[0]
    assert (off.shown, off.tone) == ("$0.01", "bad")
    assert money_panel(BALANCED, None, NOW_MS).figures[0].shown == "$0.00"


async def test_escrow_is_what_the_cores_books_say_with_its_age() -> None:
    accounts = await Books("x").trial_balance()
    known = BooksKnown(accounts=Known(accounts, NOW_MS - 65_000, "both are away"))
    held = money_panel(BALANCED, known, NOW_MS).figures[1]
    assert (held.shown, held.note, held.tone) == ("$92.00", "read 65 s ago, not since", "odd")


# --- ledger -------------------------------------------------------------------------------------------------------


async def test_the_page_of_a_broken_ledger_names_the_invariant_and_the_cent(full: Full) -> None:
    view, told = full
    page = ledger_page(scene_of(view, replace(told, ledger=broken_ledger)), "")
    assert page.violations == (("I3", "bank USD", "the stored debits differ", "-0.01"),)
    states = {row.name: row.state for row in page.invariants}
    assert (states["I2"], states["I3"], states["I10"], states["I13"]) == ("holds", "broken", "no_data", "kept")
    assert page.even
    assert page.sums == (("USD", "108.00", "108.00"),)
    assert {line.account: line.balance for line in page.lines}["customer_escrow"] == "92.00"


def test_an_invariant_is_what_the_probe_for_it_says_and_unknown_is_no_data() -> None:
    view = healthy()
    probed = (
        HealthProbed(id="1", at_ms=NOW_MS, subject="escrow-manager", status="unhealthy"),
        HealthProbed(id="2", at_ms=NOW_MS - 3_600_000, subject="compliance", status="healthy"),
    )
    page = ledger_page(scene_of(view, replace(options(view), probed=lambda: probed, ledger=lambda: None)), "")
    states = {row.name: row.state for row in page.invariants}
    assert (states["I7"], states["I14"], states["I1"]) == ("broken", "no_data", "no_data")


@pytest.mark.parametrize(
    ("status", "state"),
    [("healthy", "holds"), ("degraded", "no_data"), ("unhealthy", "broken"), ("unknown", "no_data")],
)
def test_what_the_core_verifies_by_itself_is_shown_with_the_moment_that_it_gives(
    status: HealthStatus, state: str
) -> None:
    view = healthy()
    detail = "as it was written at 2026-11-27T03:00:00Z (in 9 s: 12 audit rows)"
    probed = (HealthProbed(id="1", at_ms=NOW_MS, subject="audit-trail", status=status, detail=detail),)
    page = ledger_page(scene_of(view, replace(options(view), probed=lambda: probed)), "")
    rows = {row.name: (row.state, row.by) for row in page.invariants}
    by = "audit-trail, as it was written at 2026-11-27T03:00:00Z"
    assert {rows[name] for name in ("I10", "I11", "I12")} == {(state, by)}


def test_sums_of_one_moment_that_differ_are_off_and_others_were_read_while_payments_moved() -> None:
    view = healthy()
    line = AccountTotal(
        account="bank",
        meaning="",
        currency="USD",
        normal_side="debit",
        owners=1,
        debits_cents=1,
        credits_cents=0,
        debits_pending_cents=0,
        credits_pending_cents=0,
        balance_cents=1,
    )
    for at_one_moment in (True, False):
        known = BooksKnown(accounts=Known(TrialBalance((line,), at_one_moment=at_one_moment), NOW_MS))
        watch = BooksWatch(Books("x"), FakeClock(), lambda: None)
        watch._known = known
        page = ledger_page(scene_of(view, replace(options(view), books=watch)), "")
        assert (page.even, page.off) == (False, at_one_moment)


# --- costs --------------------------------------------------------------------------------------------------------


async def test_the_sum_of_a_cohort_adds_up_line_by_line(full: Full) -> None:
    view, told = full
    scene = replace(scene_of(view, told), costs=await Costs("$250 to $1,000").costs())
    page = costs_page(scene, "")
    lines = {line.what: line for line in page.cohorts[0].lines}
    # 1,000 x 30 c + 3.15 % of $100,000 = $3,450; 1,000 x 22 c + 0.05 % = $270; 100 payouts x 25 c, half of them here.
    assert (lines["Old price"].amount, lines["Old price"].per_hundred) == ("$3,450.00", "345.000 c")
    assert lines["Rail"].amount == "$270.00"
    assert lines["AWS"].amount == "3.000 c"
    assert lines["Payouts, netted"].amount == "$12.50"
    assert lines["Cost"].amount == "$282.53"
    assert lines["Saved"].amount == "91.81 %"
    assert page.netting == "2\u202f000 captures and 100 payouts: 20.0 share one"
    figures = {one.label: one.shown for one in page.figures}
    assert figures["It used to cost"] == "$3.45"
    assert figures["Saved this month"] == "91.81 %"
    assert figures["A payment of $100 costs"] == "28.253 c"


async def test_without_payouts_none_is_shared_out_and_that_is_said(full: Full) -> None:
    view, told = full
    document = msgspec.structs.replace(await Costs("x").costs(), payouts=())
    page = costs_page(replace(scene_of(view, told), costs=document), "")
    lines = {line.what: line for line in page.cohorts[0].lines}
    assert lines["Payouts"].amount == NO_DATA
    assert page.netting == ""


def test_no_capture_saves_nothing_and_claims_no_saving() -> None:
    view = FakeView()
    page = costs_page(scene_of(view, options(view)), "")
    assert {one.shown for one in page.figures if one.label != "It used to cost"} == {NO_DATA}
    assert (page.cohorts, page.bill.known) == ((), False)


# --- fraud --------------------------------------------------------------------------------------------------------


async def test_scores_fall_into_the_bands_of_the_file_and_reasons_are_counted(full: Full) -> None:
    view, told = full
    page = fraud_page(scene_of(view, told), "")
    assert sum(int(bar.payments) for bar in page.bars) == 99
    assert [bar.band for bar in page.bars] == ["approve", "monitor", "review", "block", "freeze"]
    assert [(row.code, row.hour) for row in page.reasons] == [("203.0.113.7", "10"), ("release_fault", "1")]
    assert [(row.what, row.target, row.state) for row in page.acts] == [
        ("block a card or device", "203.0.113.7", "verified")
    ]
    assert {figure.label: figure.shown for figure in page.figures}["On a list"] == "1+"


async def test_lists_that_cannot_be_read_say_why_and_are_not_empty() -> None:
    view = healthy()
    watch = BooksWatch(Books("x", WorldUnreachable("both are away")), view.clock, lambda: None)
    await watch.refresh()
    page = fraud_page(scene_of(view, replace(options(view), books=watch)), "")
    assert (page.lists, page.lists_read) == ((), "")
    assert "both are away" in page.why
    assert {figure.label: figure.shown for figure in page.figures}["On a list"] == NO_DATA


# --- schedules ----------------------------------------------------------------------------------------------------


async def test_a_job_that_was_not_done_for_three_of_its_intervals_is_late(full: Full) -> None:
    view, told = full
    jobs = {
        "ran": Standing("ran", 10.0, NOW_MS - 5_000, NOW_MS - 4_000),
        "missed": Standing("missed", 10.0, NOW_MS - 60_000, NOW_MS - 50_000),
        "stuck": Standing("stuck", 10.0, NOW_MS - 40_000, NOW_MS - 50_000),
        "busy": Standing("busy", 10.0, NOW_MS - 4_000, NOW_MS - 10_000),
        "new": Standing("new", 10.0),
    }
    page = schedules_page(scene_of(view, replace(told, duties=lambda: list(jobs.values()))), "")
    assert {row.name: row.state for row in page.jobs} == {
        "ran": "ran",
        "missed": "late",
        "stuck": "late",
        "busy": "running",
        "new": "never",
    }
    assert {figure.label: figure.tone for figure in page.figures}["Jobs that are late"] == "bad"


async def test_the_calendar_has_what_holds_first_and_then_what_comes(full: Full) -> None:
    view, told = full
    page = schedules_page(replace(scene_of(view, told), costs=await Costs("x").costs()), "")
    assert {"maintenance", "cutoff"} <= {row.kind for row in page.calendar}
    sunday = next(row for row in page.calendar if row.name == "weekly-maintenance")
    assert sunday.local == "Sun 02:00 America/New_York"
    assert page.people[0].person
    assert [(row.name, row.state) for row in page.reports] == [("daily-savings", "ran")]


def test_a_time_that_holds_now_says_so() -> None:
    window = CalendarWindow(cron="0 * * * *", zone="UTC", lasts=3_000.0)
    policy = Policy(calendars=(Calendar(name="hourly", kind="freeze", windows=(window,)),))
    view = healthy()

    class Held:
        """As much of the automation as the page reads."""

        def __init__(self) -> None:
            self.policy = policy

    page = schedules_page(scene_of(view, replace(options(view), automation=Held())), "")  # type: ignore[arg-type]  # a policy alone
    assert (page.calendar[0].name, page.calendar[0].state, page.calendar[0].tone) == ("hourly", "now", "breached")
    assert page.figures[0].shown == "held"


# --- objectives, deployments, incidents, rules, overview -------------------------------------------------------------


def test_a_burn_rate_that_nothing_reached_has_a_row_without_data() -> None:
    rules = [
        rule
        for loaded in packaged().rule_files
        for rule in loaded.value.rules
        if isinstance(rule.measure, BurnRateMeasure)
    ]
    rows = objective_rows(rules, ())
    assert rows
    assert {row.state for row in rows} == {"no_data"}
    assert all(row.left_percent is None for row in rows)


def test_what_is_missed_comes_before_what_is_met() -> None:
    view = healthy()
    rules: list[Rule] = list(options(view).rules)
    missed = reading("payment-failure-rate", ReadingState.BREACHED, {"region": "x"}, "5 %", 0.05)
    met = reading("payment-failure-rate", ReadingState.CLEARED, {"region": "y"}, "0.1 %", 0.001)
    rows = objective_rows(rules, [met, missed])
    assert [(row.state, row.key, row.current, row.target) for row in rows] == [
        ("missed", "x", "95.0 %", "98.0 %"),
        ("met", "y", "99.90 %", "98.0 %"),
    ]


async def test_a_deployment_has_its_phases_with_steps_evidence_and_people(full: Full) -> None:
    view, told = full
    page = deployment_page(scene_of(view, told), ID)
    assert page is not None
    assert [phase.state for phase in page.phases] == ["done"] * 4 + ["now", "ahead"]
    now = [step for phase in page.phases for step in phase.steps if step.state == "now"]
    assert [(step.name, len(step.gates)) for step in now] == [("watch-5", 3)]
    assert ("asked by", "ann") in page.request
    rows = deployments_page(scene_of(view, told), "").rows
    assert [(row.id, row.asked_by) for row in rows] == [(ID, "ann"), ("dep-42", "events")]


async def test_a_deployment_that_only_events_tell_of_has_a_page_without_steps(full: Full) -> None:
    view, told = full
    page = deployment_page(scene_of(view, told), "dep-42")
    assert page is not None
    assert (page.phases, page.deployment) == ((), None)
    assert page.announced is not None
    assert deployment_page(scene_of(view, told), "dep-none") is None


def test_without_an_incident_nothing_is_said_of_how_long_people_took() -> None:
    view = healthy()
    page = incidents_page(scene_of(view, options(view)), "")
    assert (page.open, page.past) == ((), ())
    assert {one.label: one.shown for one in page.figures}["Until resolved"] == NO_DATA


async def test_a_rule_says_all_that_it_asks(full: Full) -> None:
    view, told = full
    page = rule_page(scene_of(view, told), "payment-failure-rate")
    assert page is not None
    asks = dict(page.asks)
    assert asks["asks for"] == "roll back traffic"
    assert asks["breach"] == "> 2%"
    assert {row.key for row in page.rows} >= {"green"}
    assert rule_page(scene_of(view, told), "no-such-rule") is None


async def test_the_overview_counts_what_was_done_in_the_last_hour(full: Full) -> None:
    view, told = full
    hour = {one.label: one.shown for one in overview(scene_of(view, told), "").hour}
    assert (hour["Actions"], hour["Held back"], hour["Incidents"]) == ("2", "1", "1")
    late = replace(scene_of(view, told), now_ms=NOW_MS + HOUR_MS + 1)
    later = {one.label: one.shown for one in overview(late, "").hour}
    assert (later["Actions"], later["Held back"], later["Incidents"]) == ("0", "0", "0")
