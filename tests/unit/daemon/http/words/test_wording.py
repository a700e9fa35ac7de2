"""Numbers, reasons and journal entries in words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.findings import State
from config.rules.rule_file import RatioMeasure
from daemon.http.console.compose import build_page
from daemon.http.console.verdict import verdict
from daemon.http.words.sentences import sentence
from daemon.http.words.wording import (
    NO_DATA,
    OUTCOME_WORDS,
    REASON_WORDS,
    duration,
    measured,
    moment,
    percent,
    subject_text,
)
from remediation.decisions import OutcomeStatus, Reason
from remediation.journal.incident_kinds import IncidentResolved
from remediation.journal.kinds import BODY_TYPE_BY_KIND, ConfigurationRefused, ConfigurationReloaded
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.rendering import rules_of
from tests.unit.daemon.http.story import bad_canary, decision, finding, healthy, options, outcome, rule, story_rules

RULES = {rule.id: rule for rule in story_rules()}


def test_every_reason_and_every_outcome_has_words() -> None:
    assert set(REASON_WORDS) == set(Reason)
    assert set(OUTCOME_WORDS) == set(OutcomeStatus)
    assert len(set(REASON_WORDS.values())) == len(REASON_WORDS)


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, NO_DATA), (0.0, "0 %"), (1.0, "100 %"), (0.942, "94.2 %"), (0.9996, "99.96 %"), (0.0004, "0.04 %")],
)
def test_a_share_is_a_percentage(share: float | None, text: str) -> None:
    assert percent(share) == text


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_loss_is_never_rounded_away(share: float) -> None:
    assert percent(share) not in {"0 %", "100 %", "0.00 %", "100.00 %", "0.0 %", "100.0 %"}


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(84, "84 ms"), (2400, "2.4 s"), (95_000, "95 s"), (720_000, "12 min"), (12_600_000, "3.5 h"), (4e8, "5 d")],
)
def test_a_duration_is_said_in_its_unit(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text


@given(st.floats(min_value=0, max_value=1e15))
def test_every_duration_is_short(milliseconds: float) -> None:
    assert len(duration(milliseconds)) < 12


def test_a_time_of_another_day_says_its_day() -> None:
    assert moment(NOW_MS, NOW_MS).text == "19:00:00"
    assert moment(NOW_MS - 86_400_000, NOW_MS).text == "Nov 22 19:00:00"
    assert moment(NOW_MS, NOW_MS).iso == "2026-11-23T19:00:00.000Z"


def test_a_subject_is_said_without_its_field_names() -> None:
    assert subject_text("environment=green,region=us-east-1") == "green · us-east-1"
    assert subject_text("plain") == "plain"


def test_a_value_is_said_in_its_unit_as_far_as_the_limit_or_the_rule_tells_it() -> None:
    assert measured(3421.0, "> 3000", None) == "3,421"
    assert measured(3421.0, "> 3000", RULES["payment-latency"]) == "3.4 s"
    assert measured(31.0, "", RULES["payments-absent"]) == "31 s"
    assert measured(0.058, "> 2%", None) == "5.8 %"
    assert measured(11_150.0, "> 2s", None) == "11 s"


def test_evidence_for_a_share_is_not_said_to_be_that_share() -> None:
    assert measured(1.0, "2% rather than 0.5%", None) == "100 % of the evidence"


def test_every_kind_of_entry_of_the_story_has_a_sentence_with_its_numbers() -> None:
    view = bad_canary()
    said = [sentence(entry, RULES) for entry in view.entries]
    assert {entry.kind for entry in view.entries} <= set(BODY_TYPE_BY_KIND)
    assert all(one.text.endswith((".", "truncated.")) for one in said)
    texts = [f"{one.text} {one.detail}" for one in said]
    assert "payment-failure-rate for green · us-east-1 is breached: 5.8 %. limit > 2%, 52 samples in 60 s" in texts
    assert any("seen in effect 36 ms after the call" in text for text in texts)


def test_a_reload_says_what_changed_and_a_refusal_what_is_wrong() -> None:
    view = FakeView()
    reloaded = ConfigurationReloaded(
        cause="SIGHUP",
        configuration_hash="ab",
        added=("one", "two"),
        changed=("three",),
        restart=("settings.http.port",),
    )
    refused = ConfigurationRefused(cause="files changed", problems=("mine.yaml:7:5: unknown key",), problem_count=3)
    view.append(reloaded, NOW_MS)
    view.append(refused, NOW_MS)
    said = [sentence(entry, RULES) for entry in view.entries]
    assert said[0].text == "Configuration reloaded (SIGHUP): added one, two; changed three."
    assert said[0].detail == "Needs a restart: settings.http.port"
    assert said[1].text == "A changed configuration (files changed) has 3 problems; the old one stays."
    assert (said[1].tone, said[1].detail) == ("bad", "mine.yaml:7:5: unknown key")


def test_an_entry_of_a_newer_version_and_one_that_is_broken_are_said_to_be_so() -> None:
    view = FakeView()
    view.append(IncidentResolved(incident_id="inc-4"), NOW_MS)
    newer = msgspec.structs.replace(view.entries[0], kind="from.the.future")
    broken = msgspec.structs.replace(view.entries[0], kind="finding")
    assert sentence(newer, RULES).text == "An entry of a newer version."
    assert sentence(broken, RULES).text == "This entry cannot be read."


@pytest.mark.parametrize("reason", list(Reason))
def test_every_decision_says_what_it_did_or_why_not(reason: Reason) -> None:
    view = FakeView()
    view.append(decision(reason), NOW_MS)
    text = sentence(view.entries[0], RULES).text
    assert text.startswith("Decided to roll back traffic" if reason is Reason.BREACHED else "Did not roll back traffic")


@pytest.mark.parametrize("status", list(OutcomeStatus))
def test_only_what_was_seen_in_the_world_is_said_to_be_good(status: OutcomeStatus) -> None:
    view = FakeView()
    view.append(outcome(status), NOW_MS)
    good = status in {OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE}
    assert (sentence(view.entries[0], RULES).tone == "good") is good


def level(view: FakeView) -> str:
    return build_page(view, options(view)).verdict.level


def test_it_is_safe_only_when_everything_is_known_to_be() -> None:
    assert level(healthy()) == "safe"
    assert level(bad_canary()) == "incident"


def test_a_breach_without_an_incident_is_one_all_the_same() -> None:
    view = bad_canary()
    view.folded = msgspec.structs.replace(view.folded, incidents={})
    assert level(view) == "incident"


def test_a_breached_shadow_rule_has_no_say() -> None:
    view = healthy()
    shadow = msgspec.structs.replace(bad_canary().rule_readings[0], mode="shadow")
    view.rule_readings = [shadow, *view.rule_readings]
    assert level(view) == "safe"


@pytest.mark.parametrize("cause", ["not ready", "stale source", "silence", "no readings", "only no data"])
def test_what_is_not_known_is_never_safe(cause: str) -> None:
    view = healthy()
    source = view.source_rows[0]
    match cause:
        case "not ready":
            view.readiness = (False, "lease lost")
        case "stale source":
            view.source_rows[0] = type(source)(
                "payment-events", NOW_MS, stale=True, consumed=1, duplicates=0, quarantined=0
            )
        case "silence":
            view.source_rows = view.source_rows[2:]
        case "no readings":
            view.rule_readings = []
        case _:
            view.rule_readings = [
                msgspec.structs.replace(reading, state=State.NO_DATA, value=None) for reading in view.rule_readings
            ]
    assert level(view) == "unknown"
    assert verdict(view, view.rule_readings, build_page(view, options(view)).sources).level == "unknown"


def test_the_same_refusal_again_is_one_row_with_a_count() -> None:
    view = bad_canary()
    held_back = view.folded.decisions[-1]
    later = msgspec.structs.replace(held_back, at_ms=NOW_MS, sequence=99)
    view.folded = msgspec.structs.replace(view.folded, decisions=(*view.folded.decisions, later))
    rows = build_page(view, options(view)).not_taken
    assert [(row.times, row.at.text) for row in rows] == [(2, "19:00:00")]


def test_a_rule_table_is_bounded_and_breached_rows_stand_first() -> None:
    view = healthy()
    breached = bad_canary().rule_readings[0]
    clear = view.rule_readings[0]
    measure = RatioMeasure(ratio="true", window="60s")  # type: ignore[arg-type]  # operators write text
    view.rule_readings = [
        *(msgspec.structs.replace(clear, key={"customer": str(number)}) for number in range(200)),
        *(msgspec.structs.replace(breached, key={"customer": f"bad-{number}"}) for number in range(100)),
    ]
    page = rules_of(view, options(view, [rule("payment-failure-rate", measure)]))
    assert {row.state for row in page.rules} == {"breached"}
    assert (len(page.rules), page.rules_hidden) == (60, 41)


def test_many_keys_that_are_not_breached_share_a_row() -> None:
    view = healthy()
    clear = view.rule_readings[0]
    measure = RatioMeasure(ratio="true", window="60s")  # type: ignore[arg-type]  # operators write text
    view.rule_readings = [
        *(msgspec.structs.replace(clear, key={"customer": str(number)}, samples=2) for number in range(57)),
        bad_canary().rule_readings[0],
    ]
    page = rules_of(view, options(view, [rule("payment-failure-rate", measure)]))
    assert [(row.key, row.shown, row.samples) for row in (*page.rules, *page.quiet_rules)] == [
        ("us-east-1 · green", "5.8 %", 52),
        ("57 keys", "clear", 114),
    ]


def test_a_finding_without_data_says_so() -> None:
    view = FakeView()
    view.append(finding(State.NO_DATA, None), NOW_MS)
    assert sentence(view.entries[0], RULES).text.endswith("has no data.")
