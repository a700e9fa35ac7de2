"""Rules in shadow mode on the console: the truth for each key, under one line, and no say in the verdict."""

from dataclasses import replace

import msgspec
import pytest

from checks.findings import State
from checks.readings import Reading
from config.rules.rule_file import RatioMeasure, Rule
from daemon.errors import CostsNotKept
from daemon.http.console.compose import build_page
from daemon.http.console.feed import COSTS_FRESH_MS, ConsoleFeed
from daemon.http.console.pages.costs import COSTS
from daemon.http.console.templates import render
from daemon.http.console.timeline import timeline_rows
from daemon.http.options import HttpOptions
from daemon.reports.savings import savings_of
from daemon.reports.tally import Captures
from daemon.reports.view import CostsDocument
from remediation.decisions import Reason
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.rendering import rendered, rules_of
from tests.unit.daemon.http.story import (
    bad_canary,
    decision,
    finding,
    healthy,
    options,
    reading,
    rule,
    story_rules,
    summary,
)

BASELINE = "replaced card processor, 2.9 % and 30 c"
COHORTS = ("$0 to $10", "$10 to $50", "$50 to $100", "$100 to $1,000", "above $1,000", "unknown")


def savings_rule() -> Rule:
    measure = RatioMeasure(ratio="true", window="1h", min_samples=1)  # type: ignore[arg-type]  # operators write text
    return rule("savings", measure, per=("rail", "cohort"), breach="> 10%", do=(), mode="shadow", severity="medium")


def missed(cohort: str, rail: str = "card") -> Reading:
    key = {"rail": rail, "cohort": cohort, "baseline": BASELINE}
    return reading("savings", State.BREACHED, key, "100 %", 1.0, mode="shadow", breach="> 10%")


@pytest.fixture
def watching() -> FakeView:
    """Everything is well, and six cohorts of cards miss 98 %."""
    view = healthy()
    view.rule_readings = [*view.rule_readings, *(missed(cohort) for cohort in COHORTS)]
    return view


def watched_options(view: FakeView) -> HttpOptions:
    return options(view, [*options(view).rules[:3], savings_rule()])


def test_what_only_watches_is_folded_under_one_line_with_its_count_and_changes_no_verdict(watching: FakeView) -> None:
    assert build_page(watching, watched_options(watching)).verdict.level == "safe"
    page = rules_of(watching, watched_options(watching))
    assert "savings" not in {row.rule_id for row in page.rules}
    assert (page.watched.rules, page.watched.beyond) == (1, "6 keys of 1 rule")
    html = render("panels/rules.html", page=page)
    assert html.count("<details") == 2
    assert "Beyond a limit: 6 keys of 1 rule." in html
    assert '<details class="watched" data-key="watched">' in html, "unfolded by nobody"


def test_only_rules_with_something_to_look_at_stand_unfolded() -> None:
    unheard = rule("payments-late", RatioMeasure(ratio="true", window="60s"))  # type: ignore[arg-type]  # as written
    view = bad_canary()
    page = rules_of(view, options(view, [*story_rules(), unheard]))
    assert {row.state for row in page.rules} == {"breached", "no_data"}
    assert {row.rule_id for row in page.quiet_rules if not row.is_heard} == {"payments-late"}
    assert all(row.state == "cleared" for row in page.quiet_rules if row.is_heard)
    assert "1 that no fact has reached yet." in render("panels/rules.html", page=page)


def test_every_key_is_told_by_what_distinguishes_it_and_the_rest_is_a_title(watching: FakeView) -> None:
    rows = rules_of(watching, watched_options(watching)).watched.rows
    assert [row.key for row in rows] == list(COHORTS)
    assert rows[0].title == f"rail: card, cohort: $0 to $10, baseline: {BASELINE}"
    watching.rule_readings = [*watching.rule_readings, missed("$0 to $10", "ach")]
    rows = rules_of(watching, watched_options(watching)).watched.rows
    assert {"card · $0 to $10", "ach · $0 to $10"} <= {row.key for row in rows}


def test_a_single_key_is_told_in_the_order_of_the_rule(watching: FakeView) -> None:
    watching.rule_readings = [missed("$0 to $10")]
    page = rules_of(watching, watched_options(watching))
    assert [row.key for row in page.watched.rows] == [f"card · $0 to $10 · {BASELINE}"]


def test_nothing_beyond_a_limit_is_said_so() -> None:
    view = healthy()
    html = render("panels/rules.html", page=rules_of(view, options(view)))
    assert "None is beyond its limit." in html


def test_what_shadow_rules_did_not_do_is_one_row_for_each_rule(watching: FakeView) -> None:
    held = [
        msgspec.structs.replace(
            summary(Reason.SHADOW_MODE, "", NOW_MS, number), rule_id="savings", subject=cohort, fingerprint=cohort
        )
        for number, cohort in enumerate(COHORTS)
    ]
    asks_nothing = msgspec.structs.replace(held[0], action="", reason=Reason.NO_ACTION_CONFIGURED, fingerprint="none")
    other = summary(Reason.COOLING_DOWN, "", NOW_MS, 50)
    watching.folded = msgspec.structs.replace(watching.folded, decisions=(asks_nothing, *held, other))
    rows = build_page(watching, watched_options(watching)).not_taken
    assert [(row.reason, row.times, row.subject) for row in rows][1:] == [("shadow_mode", 6, "6 keys")]


def shadow(subject: str, rule_id: str = "savings") -> object:
    return msgspec.structs.replace(finding(), mode="shadow", rule_id=rule_id, key={"cohort": subject})


def test_the_timeline_says_once_what_shadow_rules_say_in_a_row_and_hides_nothing_else() -> None:
    view = FakeView()
    view.append(finding(), NOW_MS)
    for number, cohort in enumerate(COHORTS):
        one = shadow(cohort)
        view.append(one, NOW_MS + number)  # type: ignore[arg-type]  # a finding
        held = msgspec.structs.replace(decision(Reason.SHADOW_MODE), finding=one)
        view.append(held, NOW_MS + number)
    view.append(finding(State.CLEARED), NOW_MS + 10)
    view.append(shadow("$0 to $10", "surge"), NOW_MS + 11)  # type: ignore[arg-type]  # a finding
    rows = timeline_rows(view.entries, (), NOW_MS + 20)
    assert [(row.sequence, row.said.label, row.said.tone) for row in rows] == [
        (15, "shadow", "plain"),
        (14, "finding", "good"),
        (2, "shadow", "plain"),
        (1, "finding", "bad"),
    ]
    assert rows[2].said.text == "1 rule in shadow mode spoke, and nothing was done: savings for 6 keys."
    assert rows[2].said.detail == "12 lines in the journal"
    assert rows[0].said.text.startswith("surge for $0 to $10 is breached")


class Costs:
    """A costs source that counts, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: Exception | None = None

    async def costs(self) -> CostsDocument:
        """The savings of two cohorts; the bill is not looked at."""
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        captures = [
            Captures(
                rail=rail,
                cohort="$50 to $100",
                baseline=baseline,
                captures=1_200,
                amount_cents=10_000_000,
                cost_microcents=30_000_000_000,
                baseline_microcents=expected,
            )
            for rail, baseline, expected in (("card", BASELINE, 345_000_000_000), ("ach", "", 0))
        ]
        return CostsDocument(
            bill=None,  # type: ignore[arg-type]  # not looked at
            measured="",
            savings=savings_of(captures),
            reports=(),
        )


async def test_the_costs_say_the_true_saving_beside_the_name_of_its_baseline() -> None:
    view, costs = healthy(), Costs()
    feed = ConsoleFeed(view, priced_options(view, costs))
    html = (await rendered(feed, COSTS)).panels["savings"]
    assert "91.30 %" in html
    assert BASELINE in html
    assert "30.000 c" in html
    assert html.count(">no data</span></summary>") == 1, "what has no price to be held against saves nothing"
    view.clock.now += COSTS_FRESH_MS - 1
    await rendered(feed, COSTS, version=2)
    assert costs.asked == 1


async def test_costs_that_cannot_be_read_are_no_data_and_the_page_stands() -> None:
    view, costs = healthy(), Costs()
    feed = ConsoleFeed(view, priced_options(view, costs))
    await rendered(feed, COSTS)
    costs.fault = CostsNotKept("disk full")
    view.clock.now += COSTS_FRESH_MS
    panels = (await rendered(feed, COSTS, version=2)).panels
    assert "No data: no capture" in panels["savings"]
    assert "Safe" in (await rendered(feed, version=2)).panels["verdict"]


def test_a_version_is_what_payments_and_probes_carry_without_any_deployment() -> None:
    view = healthy()
    view.folded = msgspec.structs.replace(view.folded, deployments={})
    assert {part.version for part in build_page(view, options(view)).traffic} == {""}
    view.seen_versions = {"blue": "1.0.0", "green": "1.0.0"}
    assert {part.version for part in build_page(view, options(view)).traffic} == {"1.0.0"}
    assert "version unknown" not in render("panels/traffic.html", page=build_page(view, options(view)))


def priced_options(view: FakeView, costs: Costs) -> HttpOptions:
    return replace(options(view), costs=costs)
