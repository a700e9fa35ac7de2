"""A letter goes to each contact once: intent first, one key, again after a fault, never again once it was taken."""

import pytest

from config.public.reading import Public
from daemon.channels.ports import ChannelDown, NoticeNotTaken, NoticeRefused
from remediation.errors import JournalFull
from remediation.journal.public_kinds import CommunicationSent
from remediation.public.state import Standing
from tests.unit.daemon.public.public_world import DEADLINE_SECONDS, World, world
from tests.unit.remediation.public.outside import CONTACTS, shipped


async def approved(public: Public | None = None) -> World:
    """A letter to providers that a person has approved."""
    here = await world(public)
    await here.burn()
    found = await here.parts.desk.answer(here.letter.id, "bert", approve=True)
    assert getattr(found, "standing", None) is Standing.OPEN
    return here


async def test_nothing_is_sent_before_a_person_approved_it() -> None:
    here = await world()
    await here.burn()
    await here.parts.sender.step()
    assert here.carriers["mail"].keys == []
    assert here.letter.standing is Standing.WAITING


async def test_the_intent_is_on_disk_before_the_letter_leaves_and_the_outcome_after() -> None:
    here = await approved()
    await here.parts.sender.step()
    assert (await here.kinds())[-3:] == ["communication.answered", "communication.begun", "communication.sent"]
    (letter,) = here.carriers["mail"].taken
    assert (letter.to, here.letter.standing) == ("providers@lists.example.com", Standing.DONE)
    for _ in range(3):
        await here.parts.sender.step()
    assert len(here.carriers["mail"].keys) == 1


async def test_neither_letter_nor_key_names_anything_of_the_inside() -> None:
    here = await approved()
    await here.parts.sender.step()
    (letter,) = here.carriers["mail"].taken
    for text in (letter.subject, letter.text, letter.key, letter.thread):
        assert "inc-" not in text
        assert "com-" not in text


@pytest.mark.parametrize("fault", [ChannelDown("HTTP 503"), NoticeNotTaken("SMTP 451"), RuntimeError("boom")])
async def test_a_fault_is_told_once_and_the_letter_goes_later_under_the_same_key(fault: Exception) -> None:
    here = await approved()
    here.carriers["mail"].faults = [fault, fault]
    for _ in range(3):
        await here.parts.sender.step()
        here.later(60)
    assert here.letter.standing is Standing.DONE
    assert len(set(here.carriers["mail"].keys)) == 1
    kinds = await here.kinds()
    assert (kinds.count("communication.begun"), kinds.count("communication.failed")) == (1, 1)


async def test_a_channel_that_failed_is_left_alone_for_a_while() -> None:
    here = await approved()
    here.carriers["mail"].faults = [ChannelDown("HTTP 429", retry_after_seconds=30.0)]
    await here.parts.sender.step()
    here.later(29)
    await here.parts.sender.step()
    assert len(here.carriers["mail"].keys) == 1
    here.later(2)
    await here.parts.sender.step()
    assert here.letter.standing is Standing.DONE


async def test_what_is_refused_for_good_is_not_tried_again_and_others_have_theirs() -> None:
    both = {"providers": CONTACTS["customers"], "customers": CONTACTS["customers"]}
    here = await approved(shipped(audiences=both))
    here.carriers["mail"].faults = [NoticeRefused("SMTP 550 for the recipient")]
    await here.parts.sender.step()
    assert here.letter.standing is Standing.FAILED
    assert (here.letter.failed, here.letter.sent) == (("providers/0",), ("providers/1",))
    assert [one.to for one in here.carriers["hook"].taken] == ["b"]


async def test_what_no_channel_takes_is_given_up_at_its_deadline() -> None:
    here = await approved()
    here.carriers["mail"].faults = [ChannelDown("HTTP 503")] * 2
    await here.parts.sender.step()
    here.later(DEADLINE_SECONDS)
    await here.parts.sender.step()
    assert here.letter.standing is Standing.FAILED
    assert here.letter.detail == "mail: HTTP 503"


async def test_a_contact_that_is_no_longer_named_gets_nothing_and_it_is_told() -> None:
    here = await approved()
    here.current.follow(shipped(audiences={}))
    await here.parts.sender.step()
    assert here.letter.standing is Standing.FAILED
    assert "nobody is named there" in here.letter.detail


@pytest.mark.parametrize(("names", "told"), [("cab", "ba"), ("ba", "ba"), ("ab", "ba"), ("xb", "bx"), ("b", "b")])
async def test_a_reload_that_moves_contacts_has_nobody_get_a_letter_twice_or_in_place_of_another(
    names: str, told: str
) -> None:
    def audience(of: str) -> Public:
        contacts = [{"channel": "mail", "address": f"{one}@lists.example.com"} for one in of]
        return shipped(audiences={"providers": {"contacts": contacts}})

    here = await approved(audience("ab"))
    here.carriers["mail"].faults = [ChannelDown("HTTP 503")]
    await here.parts.sender.step()
    here.later(60)
    here.current.follow(audience(names))
    await here.parts.sender.step()
    assert "".join(letter.to[0] for letter in here.carriers["mail"].taken) == told
    assert here.letter.failed == (() if len(told) > 1 else ("providers/0",))


async def test_a_process_that_died_between_intent_and_outcome_sends_it_again_under_the_same_key() -> None:
    here = await approved()
    here.carriers["mail"].faults = [KeyboardInterrupt("killed")]  # type: ignore[list-item] # as a kill is.
    with pytest.raises(KeyboardInterrupt):
        await here.parts.sender.step()
    after = await world(here=await here.scene.restarted())
    await after.parts.sender.step()
    assert after.letter.standing is Standing.DONE
    assert after.carriers["mail"].keys == here.carriers["mail"].keys
    assert (await after.kinds()).count("communication.begun") == 1


async def test_a_letter_that_was_taken_is_not_sent_again_because_the_journal_was_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = await approved()
    append = here.scene.writer.append

    async def full(body: object, actor: str = "daemon") -> object:
        if isinstance(body, CommunicationSent) and full_times:
            full_times.pop()
            raise JournalFull
        return await append(body, actor)  # type: ignore[arg-type] # passed on as it came.

    full_times = [1]
    monkeypatch.setattr(here.scene.writer, "append", full)
    await here.parts.sender.step()
    assert here.letter.left == ("providers/0",)
    await here.parts.sender.step()
    assert here.letter.standing is Standing.DONE
    assert len(here.carriers["mail"].keys) == 1


async def test_nothing_is_sent_without_the_lease() -> None:
    here = await approved()
    here.scene.clock.at_ms += 120_000
    await here.parts.sender.step()
    assert here.carriers["mail"].keys == []
