"""People see what is proposed, write words and letters, and say yes or no; their own words another one approves."""

import asyncio

import pytest

from config.settings import Role
from remediation.public.state import Standing
from tests.unit.daemon.public.public_world import problem, world
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.public.outside import shipped


async def test_what_waits_stands_first_and_no_address_is_shown() -> None:
    here = await world()
    await here.burn("high")
    answer = await here.ask("viewer", "GET", "communications")
    words = answer.json()["words"]
    assert [one["standing"] for one in words] == sorted(
        (one["standing"] for one in words), key=lambda one: one != "waiting"
    )
    assert {"update", "letter"} == {one["what"] for one in words}
    assert "example.com" not in answer.text


async def test_a_letter_is_shown_as_it_would_be_sent_and_nothing_is_written() -> None:
    here = await world()
    incident = await here.burn("medium")
    before = await here.kinds()
    answer = await here.ask("viewer", "GET", f"incidents/{incident}/drafts")
    begin, end = answer.json()["drafts"]
    assert (begin["letter"], begin["contacts"], begin["missing"]) == ("providers-begin", 1, [])
    assert (end["letter"], end["contacts"], end["missing"]) == ("customers-end", 2, ["failed_payments"])
    assert await here.kinds() == before


async def test_an_operators_letter_is_approved_by_another_person_and_sent() -> None:
    here = await world()
    incident = await here.burn("medium")
    made = await here.ask("operator", "POST", f"incidents/{incident}/communicate", {"letter": "providers-begin"})
    assert (made.status_code, made.json()["standing"], made.json()["by"]) == (201, "waiting", "operator-ann")
    name = made.json()["id"]
    answer = await here.ask("approver", "POST", f"communications/{name}", {"answer": "approve"})
    assert (answer.status_code, answer.json()["standing"]) == (200, "open")
    assert answer.json()["answered_by"].startswith("approver-")
    await here.parts.sender.step()
    assert here.letter.standing is Standing.DONE


async def test_of_two_letters_that_are_proposed_in_one_moment_the_first_counts() -> None:
    here = await world()
    incident = await here.burn("medium")
    wish = {"letter": "providers-begin"}
    both = await asyncio.gather(
        *(here.ask("operator", "POST", f"incidents/{incident}/communicate", wish) for _ in range(2))
    )
    assert sorted(one.status_code for one in both) == [201, 409]
    assert len([one for one in here.book.letters.values() if one.said.letter == "providers-begin"]) == 1


async def test_nobody_approves_their_own_words_or_letters() -> None:
    here = await world()
    incident = await here.burn("medium")
    for path, body in (("communicate", {"letter": "providers-begin"}), ("update", {"text": "We are on it."})):
        made = await here.ask("approver", "POST", f"incidents/{incident}/{path}", body)
        status, detail = problem(
            await here.ask("approver", "POST", f"communications/{made.json()['id']}", {"answer": "approve"})
        )
        assert status == 409
        assert "another person has to approve it" in detail
        refused = await here.ask(
            "approver", "POST", f"communications/{made.json()['id']}", {"answer": "refuse", "reason": "no"}
        )
        assert refused.json()["standing"] == "rejected"


@pytest.mark.parametrize(
    ("role", "path", "body"),
    [
        ("viewer", "incidents/inc-1/communicate", {"letter": "providers-begin"}),
        ("viewer", "incidents/inc-1/update", {}),
        ("operator", "communications/upd-2", {"answer": "approve"}),
    ],
)
async def test_who_may_not_is_refused(role: Role, path: str, body: object) -> None:
    here = await world()
    await here.burn()
    assert (await here.ask(role, "POST", path, body)).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status", "what"),
    [
        ("incidents/inc-9/communicate", {"letter": "providers-begin"}, 404, "there is no incident"),
        ("incidents/inc-1/communicate", {"letter": "nope"}, 404, "has no letter 'nope'"),
        ("incidents/inc-1/communicate", {"letter": "x", "kind": "nope"}, 404, "no communication is called 'nope'"),
        ("incidents/inc-1/communicate", {"letter": "customers-end"}, 409, "failed_payments is not known yet"),
        (
            "incidents/inc-1/communicate",
            {"letter": "customers-affected", "kind": "data-exposure"},
            409,
            "detail is not",
        ),
        ("incidents/inc-1/communicate", {"letter": "providers-begin"}, 409, "is waiting already"),
        ("incidents/inc-1/update", {"text": "call 4242 4242 4242"}, 422, "so many digits"),
        ("incidents/inc-1/update", {"text": "see inc-25"}, 422, "only means something inside"),
        ("incidents/inc-1/update", {"phase": "over"}, 422, "is no phase of it"),
        ("incidents/inc-1/update", {"text": "x" * 2_001}, 422, "at most 2000 characters"),
        ("incidents/inc-1/update", {"words": "x"}, 422, "words"),
        ("communications/upd-99", {"answer": "approve"}, 404, "nothing proposed is called"),
        ("communications/upd-2", {"answer": "approve"}, 409, "answered by daemon already"),
        ("communications/com-5", {"answer": "refuse"}, 422, "Say why"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do(path: str, body: object, status: int, what: str) -> None:
    here = await world()
    await here.burn()
    found = problem(await here.ask("admin", "POST", path, body))
    assert found[0] == status
    assert what in found[1]


async def test_a_letter_of_another_kind_takes_what_only_a_person_knows() -> None:
    here = await world()
    incident = await here.burn()
    body = {"letter": "customers-affected", "kind": "data-exposure", "detail": "Names may have been seen."}
    made = await here.ask("operator", "POST", f"incidents/{incident}/communicate", body)
    assert made.status_code == 201
    assert "Names may have been seen." in made.json()["text"]


async def test_an_incident_that_harms_nobody_outside_has_no_words() -> None:
    here = await world()
    await here.say(breach("cost-variance"))
    status, detail = problem(await here.ask("operator", "POST", "incidents/inc-1/update", {}))
    assert status == 404
    assert "no kind is like inc-1" in detail


async def test_an_audience_without_contacts_is_refused_with_the_place_to_name_one() -> None:
    here = await world(shipped(audiences={}))
    incident = await here.burn()
    body = {"letter": "providers-begin"}
    status, detail = problem(await here.ask("operator", "POST", f"incidents/{incident}/communicate", body))
    assert status == 409
    assert "add it to audiences of status-page.yaml" in detail


async def test_nothing_is_answered_without_the_lease() -> None:
    here = await world()
    await here.burn("high")
    here.scene.clock.at_ms += 120_000
    answer = await here.ask("approver", "POST", f"communications/{here.update.id}", {"answer": "approve"})
    assert answer.status_code == 503


async def test_the_page_is_what_was_published_and_nothing_that_waits() -> None:
    here = await world()
    await here.burn("high")
    page = (await here.ask("viewer", "GET", "status-page")).json()
    assert (page["status"], page["open"]) == ("operational", [])
    await here.parts.desk.answer(here.update.id, "bert", approve=True)
    page = (await here.ask("viewer", "GET", "status-page")).json()
    assert page["status"] == "degraded"
    assert [one["phase"] for one in page["open"]] == ["identified"]


async def test_the_review_tells_what_was_said_to_whom_and_by_whom() -> None:
    here = await world()
    incident = await here.burn()
    await here.parts.desk.answer(here.letter.id, "bert", approve=True)
    await here.parts.sender.step()
    await here.say(clear())
    text = (await here.ask("viewer", "GET", f"incidents/{incident}/review")).json()["markdown"]
    for line in ("Proposed for the status page", "is published", "Proposed for providers", "mail took com-", "bert"):
        assert line in text
    assert "example.com" not in text
