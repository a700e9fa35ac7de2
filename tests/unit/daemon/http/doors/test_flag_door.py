"""Flags over HTTP, as the person whose token it is."""

import json

import httpx
import pytest

from config.settings import Role
from daemon.http.doors.flags import WISH_BYTES_MAX
from payment_core.flags.envelope import checkers_of, open_envelope
from remediation.errors import JournalFull
from remediation.flags.model import FlagChange, Setting
from remediation.journal.flag_kinds import FlagChanged
from remediation.journal.guardrail_kinds import ApprovalGiven
from tests.unit.daemon.flags.flag_house import SIGNER, FlagHouse, flag_house
from tests.unit.daemon.http.doors.flag_doors import FlagDoors
from tests.unit.daemon.http.doors.release_doors import problem_of
from tests.unit.daemon.http.fake_view import token_of
from tests.unit.remediation.worlds import DyingJournal

WHY = {"reason": "payouts arrive twice"}
WRITES = ("set", "ramp", "revert", "kill", "revive")


@pytest.fixture
async def house() -> FlagHouse:
    return await flag_house()


@pytest.fixture
def doors(house: FlagHouse) -> FlagDoors:
    return FlagDoors(house, house)


async def test_a_kill_is_in_the_name_of_the_token_and_the_list_says_so(house: FlagHouse, doors: FlagDoors) -> None:
    answer = await doors.ask("operator", "POST", "flags/payouts/kill", WHY)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["changed"], told["version"], told["planned"]) == (True, house.version, False)
    [entry] = await house.entries("flag.changed")
    assert (entry.actor, entry.fields["reason"]) == ("operator-ann", WHY["reason"])
    house.reports("core-1")
    house.reports("core-2", version=0)
    listed = (await doors.ask("viewer", "GET", "flags")).json()
    [row] = [one for one in listed["flags"] if one["key"] == "payouts"]
    assert (row["killed"]["by"], row["changed_by"], row["owner"]) == ("operator-ann", "operator-ann", "payouts")
    assert (listed["version"], listed["lagging"], listed["silent"]) == (house.version, ["core-2"], [])


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize(("role", "status"), [(None, 401), ("viewer", 403)])
async def test_only_those_who_operate_change_flags(
    house: FlagHouse, doors: FlagDoors, what: str, role: Role | None, status: int
) -> None:
    sequence = house.writer.state.sequence
    problem_of(await doors.ask(role, "POST", f"flags/payouts/{what}", WHY), status)
    assert house.writer.state.sequence == sequence


@pytest.mark.parametrize(
    ("what", "body", "status", "part"),
    [
        ("kill", {}, 422, "reason"),
        ("kill", {"reason": "  "}, 422, "Say why"),
        ("kill", {**WHY, "more": 1}, 422, "more"),
        ("set", {**WHY, "variant": "maybe"}, 422, "no variant 'maybe'"),
        ("set", {**WHY, "variant": "on", "targeting": {"nonsense": []}}, 422, "nonsense"),
        ("set", WHY, 409, "nothing_to_change"),
        ("ramp", WHY, 422, "variant"),
        ("ramp", {**WHY, "variant": "off", "steps": [9, 5]}, 422, "further than the one before"),
        ("revive", WHY, 409, "not_killed"),
        ("revert", WHY, 409, "nothing_to_change"),
    ],
)
async def test_what_cannot_be_done_is_a_problem_that_says_why(
    house: FlagHouse, doors: FlagDoors, what: str, body: dict[str, object], status: int, part: str
) -> None:
    sequence = house.writer.state.sequence
    assert part in problem_of(await doors.ask("operator", "POST", f"flags/payouts/{what}", body), status)
    assert house.writer.state.sequence == sequence


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/history"), *(("POST", f"/{what}") for what in ("set", "revert", "kill", "revive"))],
)
async def test_an_unknown_flag_is_not_found(doors: FlagDoors, method: str, path: str) -> None:
    problem_of(await doors.ask("operator", method, f"flags/nope{path}", WHY if method == "POST" else None), 404)


async def test_a_rule_larger_than_a_rule_can_be_is_refused(doors: FlagDoors) -> None:
    body = {**WHY, "variant": "on", "targeting": {"==": ["x" * WISH_BYTES_MAX, "y"]}}
    problem_of(await doors.ask("operator", "POST", "flags/payouts/set", body), 413)


@pytest.mark.parametrize("levels", [100, 900, 5000])
async def test_a_rule_that_is_nested_without_end_is_refused(doors: FlagDoors, levels: int) -> None:
    body = b'{"reason": "a trial", "targeting": ' + b'{"!":' * levels + b"1" + b"}" * levels + b"}"
    problem_of(await doors.ask("operator", "POST", "flags/payouts/set", content=body), 422)


async def test_a_critical_flag_waits_for_another_person_and_then_follows(house: FlagHouse, doors: FlagDoors) -> None:
    body = {**WHY, "variant": "off"}
    assert "apr-" in problem_of(await doors.ask("operator", "POST", "flags/processor/set", body), 409)
    [asked] = house.writer.state.approvals.values()
    assert asked.requested_by == "operator-ann"
    await house.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "bob")
    assert (await doors.ask("operator", "POST", "flags/processor/set", body)).status_code == 200
    assert house.served("processor")["defaultVariant"] == "off"


async def test_one_flag_is_shown_with_its_rules_and_its_history_newest_first(
    house: FlagHouse, doors: FlagDoors
) -> None:
    rule = {"if": [{"==": [{"var": "country"}, "US"]}, "on", "off"]}
    answer = await doors.ask("operator", "POST", "flags/payouts/set", {**WHY, "variant": "off", "targeting": rule})
    assert answer.status_code == 200
    await house.done(FlagChange.KILL)
    too_late = FlagChanged(flag="payouts", what=FlagChange.SET, reason="a race", key="k", setting=Setting(variant="on"))
    await house.writer.append(too_late)
    shown = (await doors.ask("viewer", "GET", "flags/payouts")).json()
    assert (shown["targeting"], shown["definition"]["defaultVariant"], shown["critical"]) == (rule, "on", False)
    changes = (await doors.ask("viewer", "GET", "flags/payouts/history")).json()["changes"]
    assert [(one["what"], one["void"]) for one in changes] == [("set", True), ("kill", False), ("set", False)]


async def test_the_document_is_signed_and_who_has_it_is_told_so(house: FlagHouse, doors: FlagDoors) -> None:
    answer = await doors.ask("viewer", "GET", "flags/document")
    envelope = open_envelope(answer.content, checkers_of([SIGNER.public_key]))
    assert envelope.version == house.version
    assert set(json.loads(envelope.document)["flags"]) == {"payouts", "processor"}
    tag = answer.headers["etag"]
    again = await with_tag(doors, tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await house.done(FlagChange.KILL)
    changed = await with_tag(doors, tag)
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


async def test_a_dry_run_changes_nothing(house: FlagHouse, doors: FlagDoors) -> None:
    answer = await doors.ask("operator", "POST", "flags/payouts/kill", {**WHY, "dry_run": True})
    assert (answer.status_code, answer.json()["planned"]) == (200, True)
    assert await house.entries("flag.changed") == []


async def test_a_journal_that_takes_nothing_is_no_change_and_may_be_asked_again() -> None:
    house = await flag_house(journal=DyingJournal("flag.changed", JournalFull(), written=False))
    answer = await FlagDoors(house, house).ask("operator", "POST", "flags/payouts/kill", WHY)
    problem_of(answer, 503)
    assert answer.headers["retry-after"] == "1"


async def test_where_no_flags_are_kept_nothing_is_found(house: FlagHouse) -> None:
    problem_of(await FlagDoors(None, house).ask("viewer", "GET", "flags"), 503)


async def with_tag(doors: FlagDoors, tag: str) -> httpx.Response:
    """The document for somebody who has this one."""
    transport = httpx.ASGITransport(doors.app)
    headers = {"authorization": f"Bearer {token_of('viewer')}", "if-none-match": tag}
    async with httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers) as client:
        return await client.get("/api/v1/flags/document")
