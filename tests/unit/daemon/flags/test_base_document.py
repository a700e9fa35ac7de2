"""``flags.json`` at the start and when it changes: taken over whole, or not at all and told."""

import json
from typing import Any

import pytest

from config.load import load_configuration
from daemon.errors import NotUsable
from remediation.flags.model import FlagChange
from tests.unit.daemon.flags.flag_house import DOCUMENT, ON_OFF, TEXT, FlagHouse, flag_house


def document(**flags: Any) -> str:  # noqa: ANN401 - flagd's JSON.
    """The document with these flags in place of its own."""
    return json.dumps({"flags": {**DOCUMENT["flags"], **flags}})


async def test_the_packaged_document_can_be_served_killed_and_ramped() -> None:
    one = await flag_house(document=load_configuration(None, {}).flag_document)
    for flag in ("payment-processor", "fraud-detector", "direct-ach-transfers", "automated-escrow", "instant-payouts"):
        await one.done(FlagChange.KILL, flag)
        assert one.served(flag)["defaultVariant"] in {"off", "review"}
    await one.done(FlagChange.KILL, "card-testing-challenge")
    assert one.served("card-testing-challenge")["defaultVariant"] == "on"


@pytest.mark.parametrize(
    ("broken", "part"),
    [
        ({"payouts": {**ON_OFF}}, "flags.payouts.metadata.safe_default: there is none"),
        ({"payouts": {**ON_OFF, "metadata": {"safe_default": "of"}}}, "'of' is no variant"),
        ({"report": {**ON_OFF, "metadata": {"safe_default": "off"}}}, "flags.report: no flag may be called that"),
        ({"a b": {**ON_OFF, "metadata": {"safe_default": "off"}}}, "flags.a b: no flag may be called that"),
        ({"payouts": {"state": "ENABLED"}}, "flags.payouts: it has no variants"),
        (
            {"payouts": {**ON_OFF, "metadata": {"safe_default": "off"}, "targeting": {"nonsense": []}}},
            "flags.payouts.targeting",
        ),
    ],
)
async def test_a_document_that_cannot_be_served_leaves_the_old_one_and_says_where(
    broken: dict[str, Any], part: str
) -> None:
    one = await flag_house()
    version = one.version
    assert part in await one.parts.base.follow(document(**broken))
    assert one.version == version
    one.reports("core-1")
    looked = one.parts.health.look(one.parts.changes.book, one.now_ms)
    assert (looked.status, "flags.json is not taken over" in looked.detail) == ("degraded", True)
    assert await one.parts.base.follow(TEXT) == ""
    assert one.parts.health.refused == ""


async def test_without_an_older_document_a_broken_one_ends_the_start() -> None:
    with pytest.raises(NotUsable, match="safe_default"):
        await flag_house(document=document(payouts=ON_OFF))


async def test_a_new_document_keeps_what_flags_are_set_to() -> None:
    one = await flag_house()
    await one.done(FlagChange.SET, variant="off")
    assert await one.parts.base.follow(document(more={**ON_OFF, "metadata": {"safe_default": "on"}})) == ""
    assert (one.served()["defaultVariant"], one.served("more")["defaultVariant"]) == ("off", "on")


async def test_a_document_without_the_variant_that_a_flag_is_set_to_is_refused() -> None:
    one = await flag_house()
    await one.done(FlagChange.SET, variant="off")
    other = {"variants": {"yes": True}, "defaultVariant": "yes", "metadata": {"safe_default": "yes"}}
    assert "it is set to 'off'" in await one.parts.base.follow(document(payouts={**ON_OFF, **other}))


async def test_a_killed_flag_stays_killed_over_a_new_document_and_over_a_restart() -> None:
    one = await flag_house()
    await one.done(FlagChange.KILL)
    await one.parts.base.follow(document(more={**ON_OFF, "metadata": {"safe_default": "on"}}))
    assert one.served()["metadata"]["killed"] is True
    other: FlagHouse = await flag_house(journal=one.journal, document=TEXT)
    assert other.served()["metadata"]["killed"] is True
    assert other.version > one.version
