"""A real daemon with running incidents: killed at random moments, held against the clock, and in a storm of alarms."""

import argparse
import asyncio
import json
import random
from collections import Counter
from contextlib import suppress
from time import perf_counter

import httpx

from bench.detect import nearest_rank
from bench.idle import rss_mib
from bench.workloads.paged import Place, Plan, Receiver, alarms, client_of, place, rules_of, tell
from payment_core.loop import run_loop
from remediation.escalation.chain import ChainState
from remediation.escalation.notices import Notice
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationStarted, EscalationStep, EscalationTold, NoticeSent
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import body_of
from remediation.journal.verify import verify

SEED = 20_261_127
INCIDENTS = 50
LIFE_SECONDS = 1.0
"""A daemon is killed at the latest so long after it listens."""
SILENCES = 100
ACKNOWLEDGED_SHARE = 0.1
ALARMS = 10_000
CAUSES = 100
SAMPLE_SECONDS = 0.1
GRAVE = 20
TOLD_WITHIN_SECONDS = 60.0
HOUR_MS = 3_600_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="random moments at which the daemon is killed")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    print(json.dumps(run_loop(_measured(parser.parse_args().kills))))


async def _measured(kills: int) -> dict[str, object]:
    return {**await punctual(), **await joined(), **await stormed(), **await killed(kills)}


class Acts:
    """What people do meanwhile; what was answered must never be lost."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)  # noqa: S311  # kills that can be repeated
        self.acknowledged: set[str] = set()
        self.silenced: set[str] = set()

    async def on(self, client: httpx.AsyncClient) -> None:
        """Silence what nobody hears of again and again, and in some lives take an incident on."""
        with suppress(httpx.HTTPError):
            if self.chance.random() < ACKNOWLEDGED_SHARE:
                await self._acknowledge(client)
            while len(self.silenced) < SILENCES:
                await self._silence(client)

    async def _acknowledge(self, client: httpx.AsyncClient) -> None:
        known = (await client.get("/api/v1/incidents")).json()["incidents"]
        chosen = self.chance.choice([one["id"] for one in known if one["state"] == "open"])
        if (await client.post(f"/api/v1/incidents/{chosen}/ack", json={"note": "mine"})).is_success:
            self.acknowledged.add(chosen)

    async def _silence(self, client: httpx.AsyncClient) -> None:
        now_ms = (await client.get("/api/v1/incidents")).json()["incidents"][0]["opened_at_ms"]
        wish = {"matchers": ["subject=nobody"], "ends_at_ms": now_ms + HOUR_MS, "comment": "of the bench"}
        answer = await client.post("/api/v1/silences", json=wish)
        if answer.is_success:
            self.silenced.add(answer.json()["id"])


async def killed(kills: int) -> dict[str, object]:
    """Fifty incidents run; the daemon dies at random moments, also amid a step, a delivery or a person's act."""
    async with place("kills", Plan(again=4), rules_of(usual="high")) as here:
        began, acts = perf_counter(), Acts()
        daemon = await here.programs.ready_daemon(here.folder)
        async with client_of(daemon) as client:
            await tell(client, alarms("usual", [f"alarm-{number}" for number in range(INCIDENTS)]))
        await here.until(lambda one: len(one.chains) == INCIDENTS)
        for _ in range(kills):
            async with client_of(daemon) as client, asyncio.TaskGroup() as group:
                life = group.create_task(acts.on(client), name="acts")
                await asyncio.wait([life], timeout=acts.chance.random() * LIFE_SECONDS)
                await daemon.kill()
            daemon = await here.programs.ready_daemon(here.folder)
        here.read()
        running = sum(chain.state is ChainState.RUNNING for chain in here.chains)
        await here.until(is_over)
        async with client_of(daemon) as client:
            silences = (await client.get("/api/v1/silences")).json()["silences"]
        await daemon.stop()
        here.read()
        journal = here.journal
        return {
            "live_kills": kills,
            "live_kills_seconds": round(perf_counter() - began, 1),
            "live_kills_incidents": len(here.state.incidents),
            "live_kills_chains_running_at_the_last": running,
            "live_kills_journal": verify(here.directory / "data" / "journal.db").what or "sound",
            **steps_in(journal),
            **deliveries_in(journal, here.receiver),
            "live_kills_acknowledged": len(acts.acknowledged),
            "live_kills_acknowledgements_lost": len(acts.acknowledged - taken_on_in(journal)),
            "live_kills_silences": len(acts.silenced),
            "live_kills_silences_lost": len(acts.silenced - {one["id"] for one in silences}),
        }


def is_over(here: Place) -> bool:
    """Whether nobody is told of anything any more."""
    return len(here.chains) == INCIDENTS and all(not one.waits and one.next_step is None for one in here.chains)


def steps_in(journal: list[Entry]) -> dict[str, object]:
    """Planned steps of chains that nobody stopped against those that were done."""
    stopped, planned, done = taken_on_in(journal), set[tuple[str, int, int]](), Counter[tuple[str, int, int]]()
    for body in map(body_of, journal):
        if isinstance(body, EscalationStarted) and body.incident_id not in stopped:
            planned |= {(body.incident_id, body.generation, step.number) for step in body.steps}
        elif isinstance(body, EscalationStep):
            done[body.incident_id, body.generation, body.number] += 1
    return {
        "live_kills_steps": done.total(),
        "live_kills_steps_lost": len(planned - set(done)),
        "live_kills_steps_repeated": done.total() - len(done),
    }


def deliveries_in(journal: list[Entry], receiver: Receiver) -> dict[str, object]:
    """What was to be sent against what came; a delivery whose answer died with the daemon comes again by its key."""
    sent = {body.notice_id for body in map(body_of, journal) if isinstance(body, NoticeSent)}
    planned = {notice.id for notice in notices_in(journal)}
    return {
        "live_kills_notices": len(planned),
        "live_kills_notices_sent": len(sent),
        "live_kills_notices_sent_that_never_came": len(sent - set(receiver.taken)),
        "live_kills_notices_that_nobody_planned": len(set(receiver.taken) - planned),
        "live_kills_deliveries_repeated_by_key": sum(len(times) - 1 for times in receiver.taken.values()),
        "live_kills_deliveries_repeated_after_they_were_recorded": repeated_after_record(journal, receiver),
    }


def repeated_after_record(journal: list[Entry], receiver: Receiver) -> int:
    """Of deliveries that the journal had as sent already, those that came again: none may."""
    at_ms = {body.notice_id: entry.at_ms for entry in journal if isinstance(body := body_of(entry), NoticeSent)}
    return sum(sum(time_ms > at_ms[key] for time_ms in times) for key, times in receiver.taken.items() if key in at_ms)


def notices_in(journal: list[Entry]) -> list[Notice]:
    """Everything that was to be sent."""
    found: list[Notice] = []
    for body in map(body_of, journal):
        if isinstance(body, EscalationStep | EscalationTold):
            found += body.notices
    return found


def taken_on_in(journal: list[Entry]) -> set[str]:
    """The incidents that somebody took on."""
    return {body.incident_id for body in map(body_of, journal) if isinstance(body, IncidentAcknowledged)}


async def punctual() -> dict[str, object]:
    """Fifty incidents at once, a step each second: when each step was written and when its notice came."""
    async with place("punctual", Plan(apart_seconds=1.0, again=2), rules_of(usual="high")) as here:
        daemon = await here.programs.ready_daemon(here.folder)
        async with client_of(daemon) as client:
            await tell(client, alarms("usual", [f"alarm-{number}" for number in range(INCIDENTS)]))
        await here.until(is_over)
        await daemon.stop()
        written, came = lateness_of(here)
    return {
        "live_steps": len(written),
        "live_step_late_p50_ms": nearest_rank(written, 0.5),
        "live_step_late_p99_ms": nearest_rank(written, 0.99),
        "live_step_late_max_ms": max(written),
        "live_step_early": sum(late_ms < 0 for late_ms in written),
        "live_notice_late_p50_ms": nearest_rank(came, 0.5),
        "live_notice_late_p99_ms": nearest_rank(came, 0.99),
        "live_notice_late_max_ms": max(came),
    }


def lateness_of(here: Place) -> tuple[list[float], list[float]]:
    """Milliseconds from the planned moment: of each step in the journal, and of each of its notices at the receiver."""
    planned: dict[tuple[str, int, int], int] = {}
    written, came = [], []
    for entry in here.journal:
        body = body_of(entry)
        if isinstance(body, EscalationStarted):
            planned |= {(body.incident_id, body.generation, step.number): step.at_ms for step in body.steps}
        elif isinstance(body, EscalationStep):
            due_ms = planned[body.incident_id, body.generation, body.number]
            written.append(float(entry.at_ms - due_ms))
            came += [float(here.receiver.taken[one.id][0] - due_ms) for one in body.notices]
    return written, came


async def joined() -> dict[str, object]:
    """A grave alarm about what people were told of already: from its being handed in to the receiver."""
    waits = []
    async with place("joined", Plan(apart_seconds=600.0, again=0), rules_of(usual="high", grave="critical")) as here:
        daemon = await here.programs.ready_daemon(here.folder)
        heard: asyncio.Queue[str] = asyncio.Queue()
        here.receiver.heard = heard.put_nowait
        async with client_of(daemon) as client, asyncio.timeout(TOLD_WITHIN_SECONDS):
            for number in range(GRAVE):
                await tell(client, alarms("usual", [f"part-{number}"]))
                await heard.get()
                began = perf_counter()
                await tell(client, alarms("grave", [f"part-{number}"]))
                while "grave on" not in await heard.get():
                    pass
                waits.append((perf_counter() - began) * 1000)
        await daemon.stop()
    return {
        "live_grave_joined": len(waits),
        "live_grave_told_p50_ms": round(nearest_rank(waits, 0.5), 1),
        "live_grave_told_max_ms": round(max(waits), 1),
    }


async def stormed() -> dict[str, object]:
    """Ten thousand alarms of a hundred causes, as fast as they are taken, while somebody looks at the console."""
    async with place("storm", Plan(apart_seconds=600.0, again=0), rules_of(usual="high", grave="critical")) as here:
        daemon = await here.programs.ready_daemon(here.folder)
        async with client_of(daemon) as client:
            await tell(client, alarms("usual", ["warm-up"]))
            looks, done = list[float](), asyncio.Event()
            before_mib, began = rss_mib(daemon.pid), perf_counter()
            async with asyncio.TaskGroup() as group:
                group.create_task(_look(client, looks, done), name="look")
                subjects = [f"part-{number % CAUSES}" for number in range(ALARMS)]
                for first in range(0, ALARMS, CAUSES):
                    namespace = "grave" if first % (3 * CAUSES) == 0 else "usual"
                    await tell(client, alarms(namespace, subjects[first : first + CAUSES]))
                took_seconds = perf_counter() - began
                await here.until(lambda one: len(one.chains) > CAUSES and not any(chain.waits for chain in one.chains))
                done.set()
            grown_mib = rss_mib(daemon.pid) - before_mib
        await daemon.stop()
        pages = Counter(key.rpartition(" ")[2].partition(":")[0] for key in here.receiver.alerts if "trigger" in key)
    return {
        "live_storm_alarms": ALARMS,
        "live_storm_causes": CAUSES,
        "live_storm_seconds": round(took_seconds, 1),
        "live_storm_pages": pages.total(),
        "live_storm_pages_of_a_group_max": max(pages.values()),
        "live_storm_grown_mib": round(grown_mib, 1),
        "live_storm_console_looks": len(looks),
        "live_storm_console_p50_ms": round(nearest_rank(looks, 0.5), 1),
        "live_storm_console_p99_ms": round(nearest_rank(looks, 0.99), 1),
    }


async def _look(client: httpx.AsyncClient, looks: list[float], done: asyncio.Event) -> None:
    """Fetch the console again and again."""
    while not done.is_set():
        began = perf_counter()
        (await client.get("/console")).raise_for_status()
        looks.append((perf_counter() - began) * 1000)
        with suppress(TimeoutError):
            async with asyncio.timeout(SAMPLE_SECONDS):
                await done.wait()


if __name__ == "__main__":
    main()
