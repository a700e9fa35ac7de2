"""Acts are looked at before they are done, done once, by the role that may, and only as they were shown."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from config.settings import Role
from daemon.http.console.acting.once import KEPT_MAX, Answer, Once
from daemon.http.console.acting.serving import MOVED
from daemon.http.console.acts.act import Asked, Done, Preview, Unusable, asked_of, digest_of_preview, missing_of
from daemon.http.console.acts.permitted import permitted
from daemon.http.console.acts.table import ACT_BY_NAME, ACTS
from daemon.http.sessions.authority import ROLES, Principal
from remediation.errors import JournalFull
from remediation.journal.entry import Entry
from remediation.journal.guardrail_kinds import ApprovalAsked, ApprovalGiven, AutomationStopped
from tests.unit.daemon.automation_world import World, world
from tests.unit.daemon.http.console.acting import WHY, Person, app_over
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.rollbacks.house import House, opened_house
from tests.unit.remediation.worlds import NOW_MS, ROLLED_BACK

ANN = Principal("ann", "operator")
XSS = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


@pytest.fixture
async def here() -> World:
    return await world()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(tmp_path) as one:
        yield one


def app_of(house: House) -> Starlette:
    return app_over(house.writer, house.journal, house.clock.now_ms(), rollbacks=house.parts)


async def entries(house: House) -> list[Entry]:
    return list(await house.journal.read(0, 99))


def test_every_act_says_what_it_is_about_in_its_title_and_has_a_name_of_its_own() -> None:
    assert len(ACT_BY_NAME) == len(ACTS)
    for act in ACTS:
        names = {field.name for field in act.fields}
        assert set(re.findall(r"{(\w+)}", act.title)) <= names
        assert act.needs != "viewer"


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
async def test_no_act_is_done_by_a_role_below_its_own_and_it_says_why(here: World, act: object) -> None:
    assert act in ACTS
    name = getattr(act, "name", "")
    role = ROLES[ROLES.index(ACT_BY_NAME[name].needs) - 1]
    async with Person(here.app(), role) as person:
        before = here.scene.writer.state.sequence
        values = {field.name: "dep-1" for field in ACT_BY_NAME[name].fields}
        await person.look("automation.stop")
        refused = await person.send(name, {**person.form(), **values, "reason": WHY})
        assert refused.status_code == 403
        assert refused.json()["detail"] == f"This needs the role {ACT_BY_NAME[name].needs}; {role}-ann is {role}."
        assert here.scene.writer.state.sequence == before


async def test_who_may_not_sees_what_it_would_do_and_why_the_button_is_dead(here: World) -> None:
    async with Person(here.app(), "viewer") as person:
        shown = await person.look("automation.stop")
        assert "Nothing acts by itself from now on" in shown
        assert "This needs the role operator; you are viewer." in shown
        assert re.search(r'<button class="confirm[^"]*" disabled', person.shown)


async def test_an_act_is_shown_done_in_the_persons_name_and_leads_to_its_entry(here: World) -> None:
    async with Person(here.app(), "operator") as person:
        shown = await person.look("automation.stop")
        assert "Nothing acts by itself from now on" in shown
        assert here.scene.writer.state.stopped is None
        done = await person.send("automation.stop", {**person.form(), "reason": WHY})
        assert done.status_code == 200
        assert "Automation is stopped." in done.text
        last = (await here.entries())[-1]
        assert (last.kind, last.actor, last.fields["reason"]) == ("automation.stopped", "operator-ann", WHY)


async def test_the_answer_links_to_the_first_entry_that_the_person_wrote(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def journal(_: FakeView, after: int, limit: int) -> list[Entry]:
        return list(await here.scene.journal.read(after, limit))

    monkeypatch.setattr(FakeView, "journal", journal)
    async with Person(here.app(), "operator") as person:
        await person.look("automation.stop")
        sequence = here.scene.writer.state.sequence + 1
        done = await person.send("automation.stop", {**person.form(), "reason": WHY})
        assert f"/console/journal/{sequence}" in done.text


@pytest.mark.parametrize("missing", ["csrf", "key", "digest"])
async def test_a_form_without_what_it_came_with_does_nothing(here: World, missing: str) -> None:
    async with Person(here.app(), "admin") as person:
        await person.look("automation.stop")
        form = {name: value for name, value in person.form().items() if name != missing}
        answer = await person.send("automation.stop", {**form, "reason": WHY})
        assert answer.status_code == {"csrf": 403, "key": 422, "digest": 409}[missing]
        assert here.scene.writer.state.stopped is None


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "http://evil.test"}]
)
async def test_a_form_of_another_site_does_nothing_even_with_everything_in_it(
    here: World, headers: dict[str, str]
) -> None:
    async with Person(here.app(), "admin") as person:
        await person.look("automation.stop")
        answer = await person.send("automation.stop", {**person.form(), "reason": WHY}, **headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        assert here.scene.writer.state.stopped is None


async def test_the_token_of_another_session_does_nothing(here: World) -> None:
    async with Person(here.app(), "admin") as one, Person(here.app(), "operator") as other:
        await one.look("automation.stop")
        await other.look("automation.stop")
        answer = await one.send("automation.stop", {**one.form(), "csrf": other.form()["csrf"], "reason": WHY})
        assert answer.status_code == 403
        assert here.scene.writer.state.stopped is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_an_act_without_a_usable_reason_is_not_done(here: World, reason: str) -> None:
    async with Person(here.app(), "operator") as person:
        assert (await person.do("automation.stop", reason)).status_code == 422
        assert here.scene.writer.state.stopped is None


async def test_a_double_click_acts_once_and_gets_one_answer(house: House) -> None:
    app = app_of(house)
    async with Person(app, "operator") as person:
        await person.look("rollback.traffic", deployment_id="dep-1")
        form = {**person.form(), "reason": WHY}
        both = await asyncio.gather(*(person.send("rollback.traffic", form) for _ in range(2)))
        assert [answer.status_code for answer in both] == [200, 200]
        assert both[0].text == both[1].text
        assert (await person.send("rollback.traffic", form)).text == both[0].text
    assert [one.kind for one in await entries(house)].count("rollback.asked") == 1
    assert house.world.weights == ROLLED_BACK


async def test_what_has_moved_since_it_was_shown_is_shown_again_and_not_done(house: House) -> None:
    app = app_of(house)
    async with Person(app, "operator") as person:
        shown = await person.look("rollback.traffic", deployment_id="dep-1")
        assert "blue 50, green 50" in shown
        house.world.weights = {"blue": 80, "green": 20}
        answer = await person.send("rollback.traffic", {**person.form(), "reason": WHY})
        assert answer.status_code == 409
        assert MOVED in answer.text
        assert "blue 80, green 20" in answer.text
        assert house.world.weights == {"blue": 80, "green": 20}
        person.shown = answer.text
        assert (await person.send("rollback.traffic", {**person.form(), "reason": WHY})).status_code == 200
        assert house.world.weights == ROLLED_BACK


async def test_looking_writes_nothing(house: House) -> None:
    app = app_of(house)
    before = house.writer.state.sequence
    async with Person(app, "operator") as person:
        for kind in ("traffic", "complete", "emergency"):
            await person.look(f"rollback.{kind}")
    assert (house.writer.state.sequence, house.world.writes, house.core.calls) == (before, [], [])


async def test_a_complete_rollback_waits_for_another_person_and_is_done_once_they_agreed(house: House) -> None:
    app = app_of(house)
    async with Person(app, "operator") as person:
        assert "another person has to approve it first" in await person.look("rollback.complete")
        assert "Ask for approval" in person.shown
        asked = await person.send("rollback.complete", {**person.form(), "reason": WHY})
        assert "Asked: another person has to approve apr-" in asked.text
        assert house.world.writes == []
        (question,) = house.writer.state.approvals.values()
        assert question.requested_by == "operator-ann"
        await house.writer.append(
            ApprovalGiven(approval_id=question.id, digest=question.digest, note=""), "approver-ann"
        )
        assert "another person" not in await person.look("rollback.complete")
        done = await person.send("rollback.complete", {**person.form(), "reason": WHY})
        assert "is under way" in done.text
        assert house.world.weights == ROLLED_BACK


async def test_the_journal_that_takes_nothing_is_said_and_nothing_was_done(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Person(here.app(), "operator") as person:
        await person.look("automation.stop")

        async def full(*_: object) -> None:
            raise JournalFull("disk")

        monkeypatch.setattr(here.scene.writer, "append", full)
        answer = await person.send("automation.stop", {**person.form(), "reason": WHY})
        assert answer.status_code == 409
        assert "The journal did not take it" in answer.text


async def test_a_yes_is_for_the_question_that_was_shown_and_not_for_ones_own(here: World) -> None:
    question = ApprovalAsked(
        change="rollout",
        subject="dep-1",
        digest="d" * 64,
        what="2.0.0 by canary",
        requested_by="approver-ann",
        needed=1,
        expires_at_ms=NOW_MS + 60_000,
    )
    name = f"apr-{(await here.scene.writer.append(question)).sequence}"
    async with Person(here.app(), "approver") as own, Person(here.app(), "admin") as other:
        assert "Whoever asked may not approve it" in await own.look("approval.approve", approval_id=name)
        assert (await own.send("approval.approve", own.form())).status_code == 409
        shown = await other.look("approval.approve", approval_id=name)
        assert "2.0.0 by canary" in shown
        assert "Asked by approver-ann" in shown
        assert f"{name} is approved." in (await other.send("approval.approve", other.form())).text
    assert [one.by for one in here.scene.writer.state.approvals[name].given] == ["admin-ann"]


async def test_undoing_shows_what_would_be_so_again_and_then_is_so(here: World) -> None:
    here.pay(1, 1)
    name = await here.rolled_back()
    async with Person(here.app(), "operator") as person:
        shown = await person.look("action.undo", decision_id=name)
        assert "Restored: blue " in shown
        answer = await person.send("action.undo", {**person.form(), "reason": WHY})
        assert answer.status_code == 200
        assert "Done and verified" in answer.text


@pytest.mark.parametrize(
    ("act", "values", "says"),
    [
        ("incident.ack", {"incident_id": "inc-1"}, "Incidents are not held from here."),
        ("silence.add", {"matchers": "rule=x"}, "Nobody is told of anything from here."),
        ("deployment.abort", {"deployment_id": "dep-1"}, "Nothing is deployed from here."),
        ("rollback.traffic", {}, "Nothing is taken back from here."),
        ("flag.kill", {"flag": "payouts"}, "No flags are kept here."),
        ("scale.release", {"place": "us-east-1/core"}, "No capacity is looked after from here."),
        ("approval.deny", {"approval_id": "apr-1"}, "There is no approval of this name."),
        ("action.undo", {"decision_id": "dec-1"}, "no action of a decision dec-1 is known."),
        ("automation.resume", {}, "It acts already"),
    ],
)
async def test_what_cannot_be_done_says_why_and_offers_no_button(
    here: World, act: str, values: dict[str, str], says: str
) -> None:
    async with Person(here.app(), "admin") as person:
        assert says in await person.look(act, **values)
        assert re.search(r'<button class="confirm[^"]*" disabled', person.shown)
        before = here.scene.writer.state.sequence
        assert (await person.send(act, {**person.form(), "reason": WHY})).status_code == 409
        assert here.scene.writer.state.sequence == before


async def test_a_field_that_is_missing_is_asked_for_and_one_that_is_unknown_refused(here: World) -> None:
    async with Person(here.app(), "operator") as person:
        assert "To be filled in: What it is about." in await person.look("silence.add")
        assert "data-act-do" not in person.shown
        with pytest.raises(AssertionError, match="has no field"):
            await person.look("silence.add", matcher="rule=x")


async def test_hostile_text_in_a_field_or_a_reason_is_text(here: World) -> None:
    await here.scene.writer.append(AutomationStopped(reason=XSS), XSS)
    async with Person(here.app(), "operator") as person:
        shown = await person.look("automation.stop")
        assert XSS in shown
        for page in (person.shown, (await person.do("automation.resume", XSS)).text):
            assert "<img" not in page
            assert "<script" not in page
        await person.look("flag.kill", flag=XSS)
        assert "<img" not in person.shown
        assert XSS in html.unescape(person.shown)


@pytest.mark.parametrize(("role", "dead"), [("viewer", True), ("operator", False), ("admin", False)])
def test_a_button_of_a_shared_page_is_dead_for_who_may_not_and_says_why(role: Role, dead: bool) -> None:
    shown = permitted('<button data-needs="operator">', role)
    assert ('aria-disabled="true" title="This needs the role operator; you are viewer"' in shown) is dead


async def test_of_many_forms_each_is_done_once_and_the_oldest_are_forgotten() -> None:
    once, done = Once(), []

    async def yes() -> bool:
        return True

    async def act() -> Answer:
        done.append(1)
        return Answer(Done("done"))

    for number in range(KEPT_MAX + 1):
        await once.perform("session", str(number), yes, act)
    await once.perform("session", str(KEPT_MAX), yes, act)
    assert len(done) == KEPT_MAX + 1
    await once.perform("another", str(KEPT_MAX), yes, act)
    assert len(done) == KEPT_MAX + 2


async def test_what_was_begun_and_interrupted_is_not_begun_again() -> None:
    once = Once()

    async def yes() -> bool:
        return True

    async def broken() -> Answer:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await once.perform("s", "k", yes, broken)
    answer = await once.perform("s", "k", yes, broken)
    assert answer is not None
    assert "look at the journal" in answer.done.refusal


@given(
    first=st.dictionaries(st.sampled_from(["incident_id", "into"]), st.text(max_size=20), max_size=2),
    second=st.dictionaries(st.sampled_from(["incident_id", "into"]), st.text(max_size=20), max_size=2),
    would=st.lists(st.text(max_size=10), max_size=3),
    other=st.lists(st.text(max_size=10), max_size=3),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_yes_to_one_thing_is_no_yes_to_another(
    first: dict[str, str], second: dict[str, str], would: list[str], other: list[str]
) -> None:
    act = ACT_BY_NAME["incident.merge"]
    one, two = asked_of(act, first, ANN), asked_of(act, second, ANN)
    same = one.values == two.values and would == other
    digests = [
        digest_of_preview(act, told, Preview(would=tuple(lines))) for told, lines in ((one, would), (two, other))
    ]
    assert (digests[0] == digests[1]) is same


def test_fields_are_bounded_and_known() -> None:
    act = ACT_BY_NAME["incident.merge"]
    with pytest.raises(Unusable, match="more than 500"):
        asked_of(act, {"into": "x" * 501}, ANN)
    assert missing_of(act, asked_of(act, {"incident_id": "inc-1"}, ANN)) == ("Part of",)
    assert missing_of(act, Asked({"incident_id": "a", "into": "b"}, ANN)) == ()


async def test_without_a_script_the_same_buttons_lead_to_the_same_forms_as_pages(here: World) -> None:
    async with Person(here.app(), "operator") as person:
        page = await person.page("automation.stop")
        assert "<h2" in page
        assert "Nothing acts by itself from now on" in page
        assert page.count('name="csrf"') == 2
        done = await person.send("automation.stop", {**person.form(), "reason": WHY}, x_fragment="")
        assert done.status_code == 200
        assert (await here.kinds())[-1] == "automation.stopped"
