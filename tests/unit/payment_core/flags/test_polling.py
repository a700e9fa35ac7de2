"""The second way: the newest document over HTTP, asked for with what is known; a fault of it is counted and no more."""

import asyncio

import pytest

from payment_core.flags.arriving.polling import POLL_SECONDS, Fetched, HttpOrigin, Polling
from payment_core.flags.envelope import BYTES_MAX
from payment_core.flags.errors import DocumentOutOfReach
from tests.serving import answering
from tests.unit.payment_core.flags.sealed import Process, sealed, started


class Scripted:
    """An origin that gives or raises what it was told, and keeps the tags that it was asked with."""

    def __init__(self, *answers: Fetched | DocumentOutOfReach) -> None:
        self._answers = list(answers)
        self.tags: list[str] = []

    async def fetch(self, tag: str) -> Fetched:
        self.tags.append(tag)
        answer = self._answers.pop(0)
        if isinstance(answer, DocumentOutOfReach):
            raise answer
        return answer


def polling_of(process: Process, origin: Scripted) -> Polling:
    return Polling(origin=origin, taking_over=process.taking_over, counts=process.flags.counts, clock=process.clock)


async def test_a_document_that_no_broker_brought_is_taken_over_and_its_tag_sent_along() -> None:
    process = await started(None)
    origin = Scripted(Fetched(sealed(3), '"3.1"'), Fetched(None, '"3.1"'), Fetched(sealed(4), '"4.1"'))
    polling = polling_of(process, origin)
    assert [await polling.run_once(0) for _ in range(3)] == [1, 0, 1]
    assert (process.version, process.flags.serving.source) == (4, "http")
    assert origin.tags == ["", '"3.1"', '"3.1"']
    assert process.flags.counts.polls == {"fetched": 2, "unchanged": 1}


async def test_an_origin_out_of_reach_is_counted_and_asked_again() -> None:
    process = await started(None)
    polling = polling_of(process, Scripted(DocumentOutOfReach("down"), Fetched(sealed(1), "")))
    assert [await polling.run_once(0) for _ in range(2)] == [0, 1]
    assert (process.version, process.flags.counts.polls["failed"]) == (1, 1)


async def test_who_is_frozen_between_requests_looks_when_the_last_look_is_old_and_not_before() -> None:
    process = await started(None)
    origin = Scripted(*(Fetched(None, "") for _ in range(2)))
    polling = polling_of(process, origin)
    for late_ms in (0, POLL_SECONDS * 1000 - 1, 1):
        process.clock.at_ms += int(late_ms)
        await polling.run_if_due()
    assert len(origin.tags) == 2


async def test_a_process_that_kept_nothing_serves_what_was_killed_from_its_first_answer_on() -> None:
    process = await started(None)
    await polling_of(process, Scripted(Fetched(sealed(9), ""))).look_before_answering()
    assert process.version == 9


async def test_an_address_that_never_answers_holds_no_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payment_core.flags.arriving.polling.FIRST_LOOK_SECONDS", 0.0)
    process = await started(None)
    await polling_of(process, Silent()).look_before_answering()
    assert (process.version, process.flags.counts.polls) == (0, {"failed": 1})


class Silent(Scripted):
    """An origin that never answers."""

    async def fetch(self, tag: str) -> Fetched:
        await asyncio.Event().wait()
        return Fetched(None, tag)


async def test_the_token_and_the_tag_are_sent_and_the_new_tag_is_kept() -> None:
    async with answering('200 OK\r\nETag: "7.1"', b"body") as (url, asked), HttpOrigin(url, "secret") as origin:
        assert await origin.fetch('"6.1"') == Fetched(b"body", '"7.1"')
    assert b"Authorization: Bearer secret" in asked[0]
    assert b'If-None-Match: "6.1"' in asked[0]


async def test_what_is_known_already_is_no_body() -> None:
    async with answering("304 Not Modified") as (url, _), HttpOrigin(url, "") as origin:
        assert await origin.fetch('"6.1"') == Fetched(None, '"6.1"')


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "404 Not Found", "500 Oops", "302 Found\r\nLocation: http://x/"]
)
async def test_every_other_status_is_no_document(status: str) -> None:
    async with answering(status, b"{}") as (url, _), HttpOrigin(url, "") as origin:
        with pytest.raises(DocumentOutOfReach, match=status.split(maxsplit=1)[0]):
            await origin.fetch("")


async def test_of_a_body_without_end_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    process = await started(None)
    async with answering("200 OK", b" " * (4 * BYTES_MAX)) as (url, _), HttpOrigin(url, "") as origin:
        fetched = await origin.fetch("")
    assert fetched.body is not None
    assert BYTES_MAX < len(fetched.body) < 2 * BYTES_MAX
    await process.offer(fetched.body)
    assert process.ignored == {"too_large": 1}


async def test_nobody_there_is_out_of_reach() -> None:
    async with answering("200 OK") as (url, _):
        pass
    async with HttpOrigin(url, "") as origin:
        with pytest.raises(DocumentOutOfReach):
            await origin.fetch("")
