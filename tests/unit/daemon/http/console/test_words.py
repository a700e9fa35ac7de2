"""Words for the outside on the console: seen whole before anybody says yes, changed by one and approved by another."""

import asyncio
import html
import re

import httpx
import pytest
from starlette.applications import Starlette

from config.settings import Role
from remediation.public.state import LetterState, Standing, UpdateState
from tests.unit.daemon.http.console.acting import WHY, Person, app_of, living_view
from tests.unit.daemon.http.fake_view import token_of
from tests.unit.daemon.public.public_world import World, world
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.public.outside import shipped

OWN = "Some payments fail. We are on it, and money that was taken twice comes back."


@pytest.fixture
async def here() -> World:
    """An incident of high severity: words for the page and a letter wait for a person."""
    made = await world()
    await made.burn("high")
    return made


def app(here: World) -> Starlette:
    view = living_view(here.scene.writer, here.scene.journal, here.scene.clock.at_ms)
    return app_of(view, public=here.parts)


def everything(here: World) -> dict[str, UpdateState | LetterState]:
    """Words for the page, and letters."""
    return {**here.book.updates, **here.book.letters}


async def test_words_are_seen_whole_and_published_once_another_person_agrees(here: World) -> None:
    words = here.update
    async with Person(app(here), "approver") as person:
        shown = await person.look("communication.approve", words_id=words.id)
        for told in (words.said.title, words.said.text, "The status page says it about inc-1", "Proposed by daemon"):
            assert told in shown
        assert here.update.standing is Standing.WAITING
        done = await person.send("communication.approve", {**person.form(), "reason": ""})
        assert (done.status_code, f"{words.id} is published" in done.text) == (200, True)
    assert (here.update.standing, here.update.answered_by) == (Standing.DONE, "approver-ann")


async def test_a_letter_says_whom_it_reaches_and_is_on_its_way_after_a_yes(here: World) -> None:
    async with Person(app(here), "approver") as person:
        shown = await person.look("communication.approve", words_id=here.letter.id)
        assert "goes to providers (1 contact), once" in shown
        assert here.letter.said.body in html.unescape(person.shown)
        assert "example.com" not in shown
        assert (await person.send("communication.approve", {**person.form(), "reason": ""})).status_code == 200
    assert here.letter.standing is Standing.OPEN


async def test_what_is_refused_needs_a_reason_and_nobody_reads_it(here: World) -> None:
    words = here.update.id
    async with Person(app(here), "approver") as person:
        assert (await person.do("communication.refuse", "", words_id=words)).status_code == 422
        assert (await person.do("communication.refuse", WHY, words_id=words)).status_code == 200
    assert (here.update.standing, here.update.why) == (Standing.REJECTED, WHY)


@pytest.mark.parametrize("which", ["update", "letter"])
async def test_other_words_take_the_place_of_those_that_wait_and_another_person_approves_them(
    here: World, which: str
) -> None:
    old = here.update if which == "update" else here.letter
    served = app(here)
    async with Person(served, "approver") as author:
        shown = await author.look("communication.rewrite", words_id=old.id)
        assert "These are the words of" in shown
        assert re.search(r"<textarea[^>]*>\n(.*?)</textarea>", author.shown, re.DOTALL)
        told = {"words_id": old.id, "heading": "Payments", "text": f"{OWN}\r\nSorry."}
        assert f"in place of {old.id}" in await author.look("communication.rewrite", **told)
        before = here.scene.writer.state.sequence
        answer = await author.send("communication.rewrite", {**author.form(), "reason": WHY})
        assert (answer.status_code, here.scene.writer.state.sequence) == (200, before + 1)
        new = here.update if which == "update" else here.letter
        assert "is your own; another person has to approve it" in await author.look(
            "communication.approve", words_id=new.id
        )
    before_it = everything(here)[old.id]
    assert (before_it.standing, before_it.why, before_it.answered_by) == (
        Standing.REJECTED,
        WHY,
        "approver-ann",
    )
    assert (new.standing, new.by) == (Standing.WAITING, "approver-ann")
    async with Person(served, "admin") as other:
        assert f"{OWN}\nSorry." in html.unescape(await other.look("communication.approve", words_id=new.id))
        assert (await other.send("communication.approve", {**other.form(), "reason": ""})).status_code == 200
    await here.parts.proposer.tick()
    assert everything(here)[new.id].standing in {Standing.DONE, Standing.OPEN}


async def test_of_a_yes_and_a_change_in_one_moment_the_second_is_refused(here: World) -> None:
    desk, words = here.parts.desk, here.letter.id
    yes, other = await asyncio.gather(
        desk.answer(words, "bert", approve=True), desk.rewrite(words, "Payments", OWN, "ann")
    )
    assert getattr(yes, "standing", None) is Standing.OPEN
    assert getattr(other, "detail", "") == f"{words} was answered by bert already"
    assert here.letter.id == words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("call 4242 4242 4242", "so many digits"),
        ("see inc-25", "only means something inside"),
        ("ask ann@example.com", "e-mail address"),
        ("", "To be filled in: Words."),
    ],
)
async def test_words_that_must_not_go_outside_are_refused_before_anything_is_written(
    here: World, text: str, why: str
) -> None:
    async with Person(app(here), "operator") as person:
        shown = await person.look("communication.rewrite", words_id=here.update.id, heading="Payments", text=text)
        assert why in shown


async def test_the_pages_own_address_of_support_is_no_fault_in_other_words() -> None:
    here = await world(shipped(support="help@till.example.com"))
    await here.burn("high")
    found = await here.parts.desk.rewrite(here.update.id, "Payments", "Write to help@till.example.com.", "ann")
    assert getattr(found, "by", "") == "ann"


async def test_a_person_writes_for_the_page_and_proposes_a_letter_which_wait_for_another(here: World) -> None:
    async with Person(app(here), "operator") as person:
        told = {"subject_id": "inc-1", "phase": "monitoring", "text": OWN}
        assert "Another person has to approve it" in await person.look("communication.update", **told)
        assert "act-reason" not in person.shown
        answer = await person.send("communication.update", person.form())
        assert (answer.status_code, here.update.said.text, here.update.said.phase) == (200, OWN, "monitoring")
        await person.look("communication.letter", subject_id="inc-1")
        assert "providers-begin, to providers (waiting already)" in html.unescape(person.shown)
        again = await person.look("communication.letter", subject_id="inc-1", letter="providers-begin")
        assert "is waiting already" in again
        assert "failed_payments is not known yet" in await person.look(
            "communication.letter", subject_id="inc-1", letter="customers-end"
        )


@pytest.mark.parametrize(
    ("role", "act"),
    [("operator", "communication.approve"), ("operator", "communication.refuse"), ("viewer", "communication.rewrite")],
)
async def test_who_may_not_sees_what_it_would_do_and_does_nothing(here: World, role: Role, act: str) -> None:
    before = here.scene.writer.state.sequence
    async with Person(app(here), role) as person:
        shown = await person.look(act, words_id=here.update.id)
        assert "you are" in shown or "write others" in shown
        assert 'class="confirm' in person.shown
        answer = await person.send(act, {**person.form(), "reason": WHY})
        assert answer.status_code == 403
    assert here.scene.writer.state.sequence == before


async def text_of(here: World, path: str) -> str:
    """What a viewer reads there."""
    headers = {"authorization": f"Bearer {token_of('viewer')}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(here)), base_url="http://till.test") as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


async def test_the_page_shows_what_waits_what_is_read_now_and_what_became_of_each(here: World) -> None:
    before = await text_of(here, "/console/communications")
    assert "Wait for a person 2" in before
    assert "No data: no status page is written from here." in before
    await here.parts.desk.answer(here.update.id, "bert", approve=True)
    await here.parts.desk.answer(here.letter.id, "bert", approve=False, why="sent by hand")
    await here.page.step()
    after = await text_of(here, "/console/communications")
    for told in (
        "No words wait to be approved.",
        "What the status page shows now degraded",
        "published status page, identified inc-1",
        "not to be told by bert",
        ": sent by hand",
    ):
        assert told in after, told
    assert "Told outside degraded says the status page" in await text_of(here, "/console")


async def test_the_incidents_page_says_what_the_outside_was_told_and_by_how_many_it_was_heard(here: World) -> None:
    await here.parts.desk.answer(here.letter.id, "bert", approve=True)
    await here.parts.sender.step()
    await here.say(clear())
    page = await text_of(here, "/console/incidents/inc-1")
    for told in ("as payment-failures", "sent letter providers-begin to providers", "1 of 1 have it", "Edit"):
        assert told in page, told
    assert "waits for a person status page, identified" in page


async def test_an_incident_that_concerns_nobody_outside_says_so() -> None:
    here = await world()
    await here.say(breach("cost-variance"))
    page = await text_of(here, "/console/incidents/inc-1")
    assert "Nobody outside is told of an incident of this kind." in page
    assert "Propose a letter" not in page
