"""A change of rules while facts come in: nothing lost, nothing doubled, and whatever is wrong changes nothing."""

import asyncio
import json
from pathlib import Path

import pytest

from config.load import DEFAULTS
from daemon.reloading import rule_exchange
from remediation.state import IncidentState
from tests.unit.daemon.pipeline_world import deciding, payments
from tests.unit.daemon.reloading.reload_world import ATTEMPTS, FAILURES, OURS, watching
from tests.unit.remediation.worlds import NOW_MS


async def test_a_token_is_good_or_gone_without_a_restart_and_its_digest_is_told_nowhere(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        digest = "ab" * 32
        token = f"tokens: [{{name: ann, role: operator, sha256: {digest}}}]\n"
        (watched.directory / "tillwatch.yaml").write_text(token + "http: {port: 9000}\n", encoding="utf-8")
        await watched.look_until_taken()
        assert watched.admitted == [["ann"]]
        assert [one.name for one in watched.reload.running.settings.tokens] == ["ann"]
        assert watched.reload.running.settings.http.port == 8080
        (entry,) = await watched.one.scene.journal.read(0, 10)
        assert entry.fields["restart"] == ["settings.http.port"]
        assert entry.fields["policy"] == ["settings.tokens.0"]
        assert digest not in str(entry.fields)
        (watched.directory / "tillwatch.yaml").unlink()
        await watched.look_until_taken()
        assert watched.admitted == [["ann"], []]


async def test_a_rule_that_did_not_change_keeps_its_counts_and_its_open_episode(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched, deciding(watched.one):
        await watched.one.pipeline.accept(payments(20), "queue")
        await watched.one.until("finding")
        watched.write(FAILURES, ATTEMPTS)
        await watched.look_until_taken()
        (entry,) = await watched.one.told("configuration.reloaded")
        assert (entry["cause"], entry["added"], entry["fresh"]) == ("files changed", ["attempts"], ["attempts"])
        assert watched.counted("failures") == 20
        (finding,) = watched.one.pipeline.engine.breached()
        assert (finding.rule_id, finding.fact_id) == ("failures", "evt-green-9")
        assert watched.incidents() == [IncidentState.OPEN]
        await watched.one.pipeline.tick()
        await watched.one.decide_all()
        assert len(await watched.one.told("finding")) == 1


async def test_deployments_are_planned_by_the_new_file_from_then_on(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        (watched.directory / "deployment.yaml").write_text("bake: 1h\n", encoding="utf-8")
        await watched.look_until_taken()
        assert [one.bake for one in watched.deployed] == [3600.0]
        (entry,) = await watched.one.told("configuration.reloaded")
        assert entry["policy"] == ["deployment.bake: 1800.0 -> 3600.0"]
        assert watched.reload.running.deployment.bake == 3600.0


async def test_people_are_told_by_the_new_file_from_then_on_and_no_address_of_it_is_recorded(tmp_path: Path) -> None:
    packaged = (DEFAULTS / "escalation.yaml").read_text(encoding="utf-8")
    async with watching(tmp_path, FAILURES) as watched:
        (watched.directory / "escalation.yaml").write_text(packaged.replace("555-0102", "555-0199"), encoding="utf-8")
        await watched.look_until_taken()
        (told,) = watched.escalated
        assert told.people["vp-engineering"].contacts[0].address == "+1-555-0199"
        (entry,) = await watched.one.told("configuration.reloaded")
        assert entry["policy"] == ["escalation.people.vp-engineering.contacts.0.address"]
        assert watched.reload.running.escalation == told


async def test_people_walk_the_procedures_of_new_files_from_then_on_and_a_broken_one_changes_nothing(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        (watched.directory / "sops").mkdir()
        file = watched.directory / "sops" / "ours.yaml"
        file.write_text(OURS, encoding="utf-8")
        await watched.look_until_taken()
        assert "ours" in watched.walked[-1]
        (entry,) = await watched.one.told("configuration.reloaded")
        assert entry["policy"] == ["sops.ours"]
        file.write_text(OURS.replace("tillwatch", "tilwatch"), encoding="utf-8")
        await watched.look_until_taken()
        assert (len(watched.walked), watched.usable()) == (1, False)
        (refused,) = await watched.one.told("configuration.refused")
        assert "sops/ours.yaml:8:38" in str(refused["problems"])


FLAG = '{"flags": {"one": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}}}'


async def test_flags_follow_their_file_and_one_that_cannot_be_served_changes_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        watched.following.problem = "flags.one.metadata.safe_default: there is none"
        (watched.directory / "flags.json").write_text(FLAG, encoding="utf-8")
        (watched.directory / "deployment.yaml").write_text("bake: 1h\n", encoding="utf-8")
        await watched.look_until_taken()
        (refused,) = await watched.one.told("configuration.refused")
        assert refused["problems"] == ["flags.json: flags.one.metadata.safe_default: there is none"]
        assert (watched.following.served, watched.deployed, watched.usable()) == ([], [], False)
        watched.following.problem = ""
        (watched.directory / "flags.yaml").write_text("emergency: [one]\n", encoding="utf-8")
        await watched.look_until_taken()
        assert [sorted(json.loads(text)["flags"]) for text in watched.following.served] == [["one"]]
        assert watched.reload.running.flags.emergency == ("one",)
        (entry,) = await watched.one.told("configuration.reloaded")
        assert "flags.emergency: [] -> [one]" in str(entry["policy"])


async def test_gates_wait_for_the_restart_that_they_are_said_to_need_also_beside_what_does_not(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        (watched.directory / "deployment.yaml").write_text("bake: 1h\ngates: {borrow: 3}\n", encoding="utf-8")
        await watched.look_until_taken()
        assert [one.bake for one in watched.deployed] == [3600.0]
        (entry,) = await watched.one.told("configuration.reloaded")
        assert "borrow" in str(entry["restart"])
        running = watched.reload.running.deployment
        assert (running.bake, running.gates.borrow) == (3600.0, 0)
        assert [one.gates.borrow for one in watched.deployed] == [0]


async def test_a_new_rule_knows_what_the_log_of_facts_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_exchange, "PAGE_BATCHES", 2)
    async with watching(tmp_path, FAILURES) as watched:
        for number in range(7):
            await watched.one.pipeline.accept(payments(3, "succeeded", start=3 * number), "queue")
        watched.write(FAILURES, ATTEMPTS)
        await watched.look_until_taken()
        assert watched.counted("attempts") == watched.counted("failures") == 21


async def test_reloads_under_traffic_lose_and_double_no_fact(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched, asyncio.TaskGroup() as group:
        done = asyncio.Event()

        async def bring(environment: str) -> int:
            number = 0
            while not done.is_set() or number % 3:
                await watched.one.pipeline.accept(
                    payments(1, "succeeded", start=number, environment=environment), environment
                )
                number += 1
            return number

        traffic = {name: group.create_task(bring(name), name=name) for name in ("blue", "green")}
        for turn in range(6):
            watched.write(FAILURES, *([ATTEMPTS] if turn % 2 == 0 else []))
            await watched.look_until_taken()
        watched.write(FAILURES, ATTEMPTS)
        await watched.look_until_taken()
        done.set()
        brought = {name: await task for name, task in traffic.items()}
        assert len(await watched.one.told("configuration.reloaded")) >= 6
        assert min(brought.values()) > 10
        for rule_id in ("failures", "attempts"):
            assert {name: watched.counted(rule_id, name) for name in brought} == brought


async def test_what_a_removed_rule_said_ends_in_the_journal_and_is_news_when_the_rule_returns(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched, deciding(watched.one):
        await watched.one.pipeline.accept(payments(20), "queue")
        await watched.one.until("finding")
        watched.write(ATTEMPTS)
        await watched.look_until_taken()
        (entry,) = await watched.one.told("configuration.reloaded")
        assert (entry["removed"], entry["withdrawn"]) == (["failures"], ["failures[environment=green]"])
        (resolved,) = await watched.one.told("incident.resolved")
        assert "rule was removed" in str(resolved["note"])
        assert watched.incidents() == [IncidentState.RESOLVED]
        watched.write(ATTEMPTS, FAILURES)
        await watched.look_until_taken()
        await watched.one.pipeline.tick()
        await watched.one.until("finding", 2)
        assert watched.incidents() == [IncidentState.RESOLVED, IncidentState.OPEN]


async def test_a_finding_that_waited_while_its_rule_was_taken_away_says_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        await watched.one.pipeline.accept(payments(20), "queue")
        watched.write(ATTEMPTS)
        await watched.look_until_taken()
        async with deciding(watched.one):
            await watched.one.decide_all()
        assert await watched.one.kinds() == ["configuration.reloaded"]


async def test_a_rule_in_shadow_that_is_promoted_while_it_is_breached_opens_an_incident(tmp_path: Path) -> None:
    shadow = FAILURES + "    mode: shadow\n"
    async with watching(tmp_path, shadow) as watched, deciding(watched.one):
        await watched.one.pipeline.accept(payments(20), "queue")
        await watched.one.until("finding")
        assert watched.incidents() == []
        watched.write(FAILURES)
        await watched.look_until_taken()
        await watched.one.pipeline.tick()
        await watched.one.until("finding", 2)
        assert watched.incidents() == [IncidentState.OPEN]
        watched.write(shadow)
        await watched.look_until_taken()
        assert watched.incidents() == [IncidentState.RESOLVED]


async def test_another_limit_is_judged_by_the_counts_that_are_there(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched, deciding(watched.one):
        await watched.one.pipeline.accept([*payments(3), *payments(27, "succeeded", start=3)], "queue")
        assert watched.one.pipeline.engine.breached() == []
        watched.write(FAILURES.replace("> 20%", "> 5%").replace("< 10%", "< 1%"))
        await watched.look_until_taken()
        (entry,) = await watched.one.told("configuration.reloaded")
        assert (entry["changed"], entry["fresh"]) == (["failures"], [])
        await watched.one.pipeline.accept(payments(1, "succeeded", start=30), "queue")
        await watched.one.until("finding")
        assert watched.counted("failures") == 31


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [{id: x", "mine.yaml:1"),
        ("rules:" + FAILURES.replace("breach:", "breech:"), "did you mean breach"),
        ("rules:" + FAILURES.replace("outcome ==", "outcom =="), "^"),
        ("", "mine.yaml"),
    ],
)
async def test_a_bad_file_keeps_what_is_and_is_said_once_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        await watched.one.pipeline.accept(payments(5), "queue")
        before = watched.one.pipeline.engine
        (watched.directory / "rules" / "mine.yaml").write_text(text, encoding="utf-8")
        for _ in range(4):
            await watched.look_until_taken()
        (entry,) = await watched.one.told("configuration.refused")
        assert says in "\n".join(entry["problems"])  # type: ignore[arg-type]  # a list of texts
        assert entry["problem_count"] == len(entry["problems"])  # type: ignore[arg-type]  # a list
        assert watched.usable() is False
        assert watched.one.pipeline.engine is before
        watched.write(FAILURES)
        await watched.look_until_taken()
        assert watched.usable() is True
        assert watched.one.pipeline.engine is before


async def test_a_directory_that_vanishes_is_refused_and_its_return_is_noticed(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        watched.directory.rename(tmp_path / "away")
        await watched.look_until_taken()
        assert watched.usable() is False
        (tmp_path / "away").rename(watched.directory)
        await watched.look_until_taken()
        assert watched.usable() is True


async def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        for number in range(4):
            watched.write(FAILURES.replace("> 20%", f"> 2{number + 1}%"))
            await watched.reload.look()
        assert await watched.one.kinds() == []
        await watched.reload.look()
        assert len(await watched.one.told("configuration.reloaded")) == 1


async def test_the_policy_is_followed_and_what_needs_a_restart_is_named(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        (watched.directory / "policy.yaml").write_text(
            "guard: {observe_only: true}\ntraffic: {destination_checks: 7}\n", encoding="utf-8"
        )
        (watched.directory / "tillwatch.yaml").write_text("http: {port: 9123}\n", encoding="utf-8")
        await watched.look_until_taken()
        (entry,) = await watched.one.told("configuration.reloaded")
        assert entry["policy"] == ["policy.guard.observe_only: False -> True"]
        assert entry["restart"] == ["settings.http.port", "policy.traffic.destination_checks"]
        assert entry["observe_only"] is True
        policy = watched.one.pipeline.policy
        assert (policy.guard.observe_only, policy.traffic.destination_checks) == (True, 2)


async def test_a_reload_that_is_asked_for_happens_at_once_and_says_nothing_new(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched, asyncio.TaskGroup() as group:
        running = group.create_task(watched.reload.run(), name="reload")
        watched.write(ATTEMPTS)
        watched.asked.set()
        await watched.taken.wait()
        (entry,) = await watched.one.told("configuration.reloaded")
        assert entry["cause"] == "SIGHUP"
        at_ms = watched.reload.status.succeeded_at_ms
        assert at_ms == NOW_MS
        running.cancel()
        watched.one.scene.clock.at_ms += 5
        await watched.reload.reload("SIGHUP")
        assert len(await watched.one.told("configuration.reloaded")) == 1
        assert watched.reload.status.succeeded_at_ms == NOW_MS + 5


async def test_counters_never_go_down_when_rules_go(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES, ATTEMPTS) as watched:
        await watched.one.pipeline.accept(payments(1), "queue")
        await watched.one.pipeline.accept(payments(3, start=5, at_ms=NOW_MS - 600_000), "queue")
        before = watched.one.pipeline.engine_counts
        assert before.late == 3
        watched.write(FAILURES.replace("60s", "30s"))
        await watched.look_until_taken()
        assert watched.one.pipeline.engine_counts.late >= before.late


async def test_other_limits_of_capacity_take_effect_and_other_components_wait_for_a_restart(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        packaged, file = (DEFAULTS / "scaling.yaml").read_text("utf-8"), watched.directory / "scaling.yaml"
        for percent, mode in ((90, "off"), (80, "act")):
            text = packaged.replace("percent: 98", f"percent: {percent}").replace('mode: "off"', f'mode: "{mode}"')
            file.write_text(text, encoding="utf-8")
            await watched.look_until_taken()
        assert [one.savings.percent for one in watched.sized] == [90]
        assert watched.reload.running.scaling.savings.percent == 90
