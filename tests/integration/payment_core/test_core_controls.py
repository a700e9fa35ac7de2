"""The daemon's hands on a real payment core: fraud lists and the holding mode."""

from collections.abc import AsyncIterator

import httpx
import pytest

from daemon.cores.api import CoreApi
from daemon.cores.controls import CoreControls
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import ListedValue
from tests.integration.payment_core.conftest import CoreProcess, StartCore

FOREVER_MS = 1_950_000_000_000
NOBODY = "http://127.0.0.1:9"


def entry(**more: object) -> ListedValue:
    known: dict[str, object] = {
        "list": "block",
        "kind": "card",
        "value": "fp_0123456789abcdef",
        "reason": "tillwatch: card-testing on fp_0123456789abcdef: 92 % of 12 in 300 s (limit > 70%)",
        "expires_at_ms": FOREVER_MS,
    }
    return ListedValue(**(known | more))  # type: ignore[arg-type]  # the tests give the right types


@pytest.fixture
def core(start_core: StartCore) -> CoreProcess:
    return start_core()


@pytest.fixture
async def controls(core: CoreProcess) -> AsyncIterator[CoreControls]:
    token = core.headers["Authorization"].removeprefix("Bearer ")
    async with CoreApi([NOBODY, core.url], token) as api:
        yield CoreControls(api)


async def test_an_entry_is_made_once_found_by_its_place_and_taken_back(controls: CoreControls) -> None:
    place = "block:card:fp_0123456789abcdef"
    assert await controls.live(place) is None
    await controls.add(entry(), "k1")
    await controls.add(entry(), "k1")
    await controls.add(entry(reason="another decision about the same card"), "k2")
    live = await controls.live(place)
    assert live is not None
    assert (live.author, live.expires_at_ms) == ("key:admin", FOREVER_MS)
    await controls.remove(live.id, "k3")
    await controls.remove(live.id, "k4")
    assert await controls.live(place) is None


async def test_every_list_that_actions_use_takes_its_entries(controls: CoreControls) -> None:
    await controls.add(entry(list="review", kind="bin", value="411111"), "k1")
    await controls.add(entry(list="stricter", kind="rail", value="card", points=200), "k2")
    assert await controls.live("review:bin:411111") is not None
    assert await controls.live("stricter:rail:card") is not None


async def test_what_the_core_refuses_is_certain_and_not_sent_elsewhere(controls: CoreControls) -> None:
    with pytest.raises(WorldRefused, match="Give what the kind names"):
        await controls.add(entry(value="not a fingerprint".replace(" ", "-")), "k1")


async def test_the_holding_mode_is_set_and_ended(controls: CoreControls) -> None:
    assert await controls.mode() == "normal"
    await controls.set_mode("holding", "tillwatch: a flood", "k1")
    await controls.set_mode("holding", "tillwatch: a flood", "k1")
    assert await controls.mode() == "holding"
    await controls.set_mode("normal", "over", "k2")
    assert await controls.mode() == "normal"


async def test_a_key_that_opens_nothing_is_a_refusal(core: CoreProcess) -> None:
    async with CoreApi([core.url], "till_live_wrong") as stranger:
        with pytest.raises(WorldRefused, match="401"):
            await CoreControls(stranger).mode()


async def test_no_core_at_all_leaves_it_unknown() -> None:
    async with CoreApi([NOBODY], "t") as alone:
        with pytest.raises(WorldUnreachable, match=r"127\.0\.0\.1:9"):
            await CoreControls(alone).mode()
    async with CoreApi([], "t") as none:
        with pytest.raises(WorldUnreachable, match="No core is configured"):
            await CoreControls(none).mode()


@pytest.mark.parametrize(
    ("status", "body", "certain"),
    [
        (503, b"{}", False),
        (429, b"{}", False),
        (409, b'{"type":"urn:tillwatch:problem:idempotency-in-progress"}', False),
        (403, b"nonsense", True),
        (422, b'{"type":"urn:tillwatch:problem:invalid-request","detail":"x"}', True),
    ],
)
async def test_only_what_may_pass_is_tried_again(status: int, body: bytes, certain: bool) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body)

    transport = httpx.MockTransport(answer)
    async with CoreApi(["http://blue", "http://green"], "t", transport) as api:
        with pytest.raises(WorldRefused if certain else WorldUnreachable):
            await CoreControls(api).add(entry(), "k")


async def test_an_answer_that_is_none_is_no_mode() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=b"<html>"))
    async with CoreApi(["http://blue"], "t", transport) as api:
        with pytest.raises(WorldUnreachable, match="not what it should"):
            await CoreControls(api).mode()
