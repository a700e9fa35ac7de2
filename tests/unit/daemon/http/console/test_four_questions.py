"""What broke, what was done, why not more and whether every cent is there: in words, on the first screen."""

import msgspec
import pytest

from checks.findings import State
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.console.compose import build_page, ledger_row
from daemon.http.console.figures.answers import Answer, answers, broke, cents
from daemon.http.words.wording import shortened
from remediation.decisions import Reason
from remediation.guardrails.state import StopState
from remediation.state import Incident
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.full_house import broken_ledger
from tests.unit.daemon.http.story import bad_canary, healthy, options


def told(view: FakeView) -> dict[str, Answer]:
    """The answers by name."""
    given = options(view)
    rules = {rule.id: rule for rule in given.rules}
    page = build_page(view, given)
    return {one.name: one for one in answers(page, view.state(), rules, view.readings(), NOW_MS)}


def with_incidents(view: FakeView, *incidents: Incident) -> None:
    view.folded = msgspec.structs.replace(view.folded, incidents={one.id: one for one in incidents})


def test_an_incident_is_told_with_its_value_now_what_was_done_and_why_not_more() -> None:
    view = bad_canary()
    with_incidents(view, msgspec.structs.replace(view.folded.incidents["inc-4"], decisions=view.folded.decisions))
    found = told(view)
    assert found["broke"].words.startswith("Payments that end as failed: 5.8 %, limit > 2%. green · us-east-1, for ")
    assert (found["broke"].tone, found["broke"].ack, found["broke"].href) == (
        "bad",
        "inc-4",
        "/console/incidents/inc-4",
    )
    assert found["done"].words == "Roll back traffic: done and verified, decided 94 s ago."
    assert found["why-not"].words.startswith("Did not roll back traffic because the target was acted on")
    assert found["cents"].words == "Balanced: 20\u202f412 entries sum to zero. Checked at 18:59:19."


def test_of_many_incidents_the_gravest_is_told_and_the_rest_counted() -> None:
    view = bad_canary()
    grave = view.folded.incidents["inc-4"]
    mild = msgspec.structs.replace(grave, id="inc-9", severity=3, opened_at_ms=NOW_MS, rule_id="mild", findings=())
    with_incidents(view, grave, mild)
    assert told(view)["broke"].words.endswith(" 1 more incident open.")
    with_incidents(view, msgspec.structs.replace(grave, severity=4), mild)
    found = told(view)["broke"]
    assert (found.ack, found.words) == ("inc-9", "mild. green · us-east-1, for under 1 s. 1 more incident open.")


def test_who_has_been_taken_on_is_not_offered_to_be_taken_on() -> None:
    view = bad_canary()
    with_incidents(view, msgspec.structs.replace(view.folded.incidents["inc-4"], acknowledged_at_ms=NOW_MS))
    assert told(view)["broke"].ack == ""


def test_what_is_clear_again_is_said_to_be_and_without_data_the_last_value_is_told() -> None:
    view = bad_canary()
    reading = view.rule_readings[0]
    incident = view.folded.incidents["inc-4"]
    rules = {rule.id: rule for rule in options(view).rules}
    clear = msgspec.structs.replace(reading, state=State.CLEARED, shown="0.1 %")
    assert ": clear again, 0.1 %. " in broke(incident, rules, [clear], NOW_MS)
    blind = msgspec.structs.replace(reading, state=State.NO_DATA, shown="no data")
    assert ": 5.8 %, limit > 2%. " in broke(incident, rules, [blind], NOW_MS)


def test_stopped_automation_is_part_of_what_was_done() -> None:
    view = bad_canary()
    stop = StopState(by="ann", reason="a drill", at_ms=NOW_MS)
    view.folded = msgspec.structs.replace(view.folded, stopped=stop)
    assert told(view)["done"].words.endswith("Ann stopped automation: a drill: nothing acts by itself.")


def test_where_all_is_well_nothing_is_claimed_that_nobody_looked_at() -> None:
    view = healthy()
    assert told(view)["done"].words == "1 action in the hour, each in effect. Roll back traffic 94 s ago."
    view.folded = msgspec.structs.replace(view.folded, actions={}, decisions=())
    found = told(view)
    assert found["broke"].tone == "good"
    assert found["done"].words == "Nothing in the last hour."
    assert found["why-not"].words == "Nothing was held back in the last hour."
    empty = {
        one.name: one
        for one in answers(build_page(FakeView(), options(FakeView())), FakeView().state(), {}, [], NOW_MS)
    }
    assert empty["broke"].tone == "odd"


@pytest.mark.parametrize(
    ("ledger", "tone", "words"),
    [
        (None, "odd", "Not checked by this daemon yet; run: tillwatch ledger verify"),
        (broken_ledger(), "bad", "Not balanced, 1 violation: the stored debits differ"),
        (LedgerStatus(balanced=True, entries=4, checked_at_ms=NOW_MS), "good", "Balanced: 4 entries sum to zero."),
        (LedgerStatus(balanced=True, entries=4, checked_at_ms=1), "odd", "Last seen balanced"),
    ],
)
def test_every_cent_is_accounted_for_only_by_a_proof_that_is_new(
    ledger: LedgerStatus | None, tone: str, words: str
) -> None:
    found = cents(ledger_row(ledger, NOW_MS))
    assert found.tone == tone
    assert found.words.startswith(words)


def test_what_was_held_back_without_an_incident_is_told_while_it_is_new() -> None:
    view = healthy()
    held = msgspec.structs.replace(
        bad_canary().folded.decisions[-1], act=False, reason=Reason.OBSERVE_ONLY, at_ms=NOW_MS - 1_000
    )
    view.folded = msgspec.structs.replace(view.folded, decisions=(held,))
    assert "because automatic actions are switched off" in told(view)["why-not"].words
    view.folded = msgspec.structs.replace(view.folded, decisions=(msgspec.structs.replace(held, at_ms=1),))
    assert told(view)["why-not"].words == "Nothing was held back in the last hour."


def test_a_name_that_nobody_reads_is_shortened_so_that_two_are_told_apart_and_words_are_left() -> None:
    name = "fp_flkdpcaclgbnjnlckfpklkoiknoookedohcdaeojppkeeckodbimpedjnnppkkpj"
    assert shortened(f"card-testing for {name} is 100 %") == "card-testing for fp_flkdpcac…ppkkpj is 100 %"
    for left in ("payment-failure-rate-of-everything-everywhere", "green · us-east-1", "a" * 28):
        assert shortened(left) == left
