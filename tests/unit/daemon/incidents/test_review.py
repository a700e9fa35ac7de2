"""The review of an incident is made of what the journal says of it, and of nothing that is about others."""

from msgspec.structs import replace

from daemon.http.words.wording import count
from remediation.decide import decide
from remediation.decisions import Reason
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentExposed,
    IncidentMerged,
    IncidentResolved,
)
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.worlds import NOW_MS, deployment, finding


async def lived() -> World:
    """A deployment, an incident with a part of its own, somebody on it, an end; and another incident elsewhere."""
    here = await world()
    bad = finding(do=("rollback.traffic",), key={"environment": "green", "region": "us-east-1"})
    await here.say(deployment(), bad)
    held = decide(bad, replace(here.state, deployments={}), here.scene.policy, NOW_MS)
    assert held.reason is Reason.NO_DEPLOYMENT
    await here.say(held, breach("elsewhere", "high", region="eu-west-1", subject="<script>|x"))
    await here.pager.tick()
    here.later(120)
    await here.say(IncidentAcknowledged(incident_id="inc-2", note="on it"), by="ana")
    await here.say(breach("payment-latency", "high"))
    await here.pager.tick()
    here.later(600)
    await here.say(clear(), clear("payment-latency", "high"))
    exposed = IncidentExposed(
        incident_id="inc-2",
        payments=1200,
        failed=64,
        amount_cents=4_321_00,
        from_ms=NOW_MS,
        until_ms=NOW_MS,
        whole=False,
    )
    await here.say(exposed)
    return here


async def review_of(here: World, name: str) -> str:
    answer = await here.ask("viewer", "GET", f"incidents/{name}/review")
    assert answer.status_code == 200
    text: str = answer.json()["markdown"]
    return text


async def test_a_review_has_the_figures_the_people_and_what_was_not_done() -> None:
    text = await review_of(await lived(), "inc-2")
    for line in (
        "# inc-2: payment-failure-rate for environment=green,region=us-east-1",
        "until somebody took it on | 2 min (15 min allowed)",
        "until it was over | 12 min",
        "until it was mitigated | not yet",
        "who was told | On-call Engineer",
        f"exposed | at least {count(1200)} payments, 64 of them failed, $4,321.00",
        "## What was not done, and why",
        "payment-latency for environment=green,region=us-east-1 (resolved)",
    ):
        assert line in text, line


async def test_its_timeline_goes_from_what_changed_before_it_to_its_end_and_leaves_out_what_is_about_others() -> None:
    here = await lived()
    text = await review_of(here, "inc-2")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("2026-")]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert "dep-1: 2.0.0 on green" in rows[0][1]
    assert "exposed" in rows[-1][1]
    assert any("inc-2 was acknowledged. on it" in row[1] and row[2] == "ana" for row in rows)
    assert "elsewhere" not in text


async def test_what_others_have_named_ends_no_cell_and_begins_no_tag() -> None:
    text = await review_of(await lived(), "inc-4")
    timeline = text[text.index("## Timeline") :]
    assert "<script>" not in timeline
    assert all(line.replace("\\|", "").count("|") == 2 for line in timeline.splitlines() if line.startswith("2026-"))


async def test_the_review_of_a_part_is_that_of_its_group_and_of_none_there_is_none() -> None:
    here = await lived()
    part = next(one.id for one in here.state.incidents.values() if one.merged_into)
    assert (await review_of(here, part)).startswith("# inc-2:")
    assert (await here.ask("viewer", "GET", "incidents/inc-99/review")).status_code == 404


async def test_a_review_of_what_a_person_closed_names_them() -> None:
    here = await world()
    await here.say(breach())
    await here.say(IncidentMerged(incident_id="inc-1", into="inc-1", why="nothing"))
    await here.say(IncidentResolved(incident_id="inc-1", note="restarted"), by="bob")
    assert "by bob" in await review_of(here, "inc-1")
