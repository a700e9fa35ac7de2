"""Incidents: a month of schedules and chains in virtual time, deaths at random entries, storms of one or many parts."""

import argparse
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from bench.incident_channels import figures as channel_figures
from checks.findings import Finding
from checks.findings import State as FindingState
from config.escalation.escalation_file import Escalation
from config.escalation.on_call import Layer, Override, Schedule
from config.load import load_configuration
from payment_core.loop import run_loop
from remediation.escalation.due import due, next_due_ms
from remediation.escalation.on_call import duties
from remediation.folds import apply, fold
from remediation.journal.entry import Entry, seal
from remediation.journal.escalation_kinds import EscalationStep, NoticeSent
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import Body, body_of, draft
from remediation.state import State

SEED = 20_240_115
START_MS = round(datetime(2026, 10, 12, tzinfo=UTC).timestamp() * 1000)
"""A month from here has the end of summer time in all three zones."""
MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS
LOOK_MS = 10 * MINUTE_MS
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
SEVERITIES = ("critical", "high", "medium")


@dataclass
class Life:
    """A journal in memory with its own time. sent: how often each notice reached its receiver, by its key there."""

    at_ms: int = START_MS
    state: State = field(default_factory=State)
    entries: list[Entry] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    looks: int = 0

    def say(self, body: Body, by: str = "daemon") -> None:
        """Append and fold."""
        entry = seal(
            draft(body, actor=by, at_ms=self.at_ms),
            sequence=self.state.sequence + 1,
            epoch=1,
            previous_hash=self.state.hash,
        )
        self.entries.append(entry)
        self.state = apply(self.state, entry)

    def settle(self, escalation: Escalation) -> None:
        """Write what is due and send what waits, until nothing is."""
        while True:
            self.looks += 1
            found = due(self.state, escalation, self.at_ms)
            for body in found:
                self.say(body)
            waiting = [one.notice for one in self.state.escalation.waiting]
            for notice in waiting:
                self.sent[notice.id] += 1
                self.say(NoticeSent(incident_id=notice.incident_id, notice_id=notice.id, channel="sms"))
            if not found and not waiting:
                return

    def play(self, escalation: Escalation, until_ms: int) -> None:
        """From one due moment to the next, and each ten minutes, when windows begin and end."""
        self.settle(escalation)
        while self.at_ms < until_ms:
            at_ms = next_due_ms(self.state, escalation, self.at_ms)
            limit_ms = min(until_ms, self.at_ms - self.at_ms % LOOK_MS + LOOK_MS)
            self.at_ms = limit_ms if at_ms is None else min(at_ms, limit_ms)
            self.settle(escalation)


def main() -> None:
    """Measure and print; the same seed gives the same month."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="random entries at which the process dies")
    parser.add_argument("--alarms", type=int, default=10_000, help="of a storm")
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    arguments = parser.parse_args()
    escalation = load_configuration(None, {}).escalation
    figures = schedules()
    for name, subjects in (("one", 1), ("many", 100)):
        figures |= storm(escalation, arguments.alarms, name, subjects=subjects)
    figures |= run_loop(channel_figures())
    print(json.dumps({**figures, **month(escalation), **kills(escalation, arguments.kills)}))


def schedules() -> dict[str, object]:
    """Thirty days of three schedules with night and day layers, a weekly rotation and daily overrides."""
    began, shifts = process_time(), 0
    for zone in ZONES:
        shifts += len(duties(_schedule(zone), START_MS, START_MS + 30 * DAY_MS))
    return {"schedules_30_days_ms": round((process_time() - began) * 1000, 1), "schedules_30_days_duties": shifts}


def month(escalation: Escalation) -> dict[str, object]:
    """Three hundred incidents in thirty days, of which some are taken on, some end by themselves and some never."""
    life, began = Life(), process_time()
    for at_ms, by, body in _story(300, 30 * DAY_MS):
        life.play(escalation, at_ms)
        life.say(body, by)
    life.play(escalation, START_MS + 30 * DAY_MS)
    return {
        "month_seconds": round(process_time() - began, 3),
        "month_entries": len(life.entries),
        "month_steps": len(list(_steps(life.entries))),
        "month_looks": life.looks,
    }


def kills(escalation: Escalation, count: int) -> dict[str, object]:
    """Fifty incidents; the process dies at random entries, and what was not recorded is sent again by its key."""
    story = list(_story(50, 100 * MINUTE_MS))
    whole = _lived(Life(), story, escalation)
    steps = list(_steps(whole.entries))
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    lost = repeated = again = 0
    for _ in range(count):
        kept = whole.entries[: chance.randint(1, len(whole.entries))]
        life = Life(at_ms=kept[-1].at_ms, state=fold(kept), entries=list(kept))
        _lived(life, story, escalation)
        found = list(_steps(life.entries))
        lost += len(set(steps) - set(found))
        repeated += len(found) - len(set(found)) + len(set(found) - set(steps))
        again += sum(times - 1 for times in life.sent.values())
    return {
        "kills": count,
        "kills_steps": len(steps),
        "kills_steps_lost": lost,
        "kills_steps_repeated": repeated,
        "kills_notices_sent_twice_by_one_process": again,
    }


def storm(escalation: Escalation, alarms: int, name: str, *, subjects: int) -> dict[str, object]:
    """So many alarms within a minute, about so many subjects: who is told, how long it takes, what it holds."""
    life = Life()
    before_bytes = _resident_bytes()
    began = process_time()
    for number in range(alarms):
        life.at_ms = START_MS + number * MINUTE_MS // alarms
        life.say(_breach(f"alarm-{number}", SEVERITIES[number % 3], f"part-{number % subjects}"))
        if number % 20 == 0:
            life.settle(escalation)
            life.entries.clear()
    life.settle(escalation)
    return {
        f"storm_{name}_alarms": alarms,
        f"storm_{name}_causes": subjects,
        f"storm_{name}_pages": sum(times for key, times in life.sent.items() if key.endswith(":trigger")),
        f"storm_{name}_seconds": round(process_time() - began, 2),
        f"storm_{name}_grown_mib": round((_resident_bytes() - before_bytes) / 2**20, 1),
    }


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _lived(life: Life, story: list[tuple[int, str, Body]], escalation: Escalation) -> Life:
    said = {(entry.at_ms, entry.actor, bytes(entry.body)) for entry in life.entries}
    for at_ms, by, body in story:
        if at_ms < life.at_ms:
            continue
        life.play(escalation, at_ms)
        if (at_ms, by, bytes(draft(body, actor=by, at_ms=at_ms).body)) not in said:
            life.say(body, by)
    life.play(escalation, START_MS + 200 * MINUTE_MS)
    return life


def _story(incidents: int, span_ms: int) -> Iterator[tuple[int, str, Body]]:
    """What the world does, in order of time."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    told: list[tuple[int, str, Body]] = []
    for number in range(incidents):
        rule, severity, part = f"rule-{number}", chance.choice(SEVERITIES), f"part-{number % 37}"
        begins = START_MS + chance.randrange(span_ms)
        told.append((begins, "daemon", _breach(rule, severity, part)))
        if chance.random() < 0.9:
            ends = begins + chance.randrange(2 * 60 * MINUTE_MS)
            told.append((ends, "daemon", _breach(rule, severity, part, FindingState.CLEARED)))
    people = range(1, incidents * 4, 3)
    told += [
        (START_MS + chance.randrange(span_ms), f"person-{place}", IncidentAcknowledged(incident_id=f"inc-{place}"))
        for place in people
    ]
    return iter(sorted(told, key=lambda one: one[0]))


def _breach(rule: str, severity: str, subject: str, state: FindingState = FindingState.BREACHED) -> Finding:
    return Finding(
        rule_id=rule,
        family="health",
        state=state,
        key={"subject": subject},
        value=1.0,
        breach="> 0",
        samples=1,
        window_seconds=0.0,
        at_ms=START_MS,
        fact_id="",
        severity=severity,
        mode="enforce",
        do=(),
        runbook="bench",
    )


def _steps(entries: list[Entry]) -> Iterator[tuple[str, int, int, int]]:
    for entry in entries:
        body = body_of(entry)
        if isinstance(body, EscalationStep):
            yield body.incident_id, body.generation, body.number, entry.at_ms


def _schedule(zone: str) -> Schedule:
    starts = datetime(2026, 1, 5, 9)  # noqa: DTZ001  # a wall clock
    night = Layer(name="night", people=("nora", "nils"), starts=starts, turn_days=7, begin="18:00", end="02:30")
    rest = Layer(name="rest", people=("ana", "bob", "cat"), starts=starts, turn_days=1)
    overrides = tuple(
        Override(person="zoe", starts=starts + timedelta(days=day, hours=3), ends=starts + timedelta(days=day, hours=4))
        for day in range(270, 320)
    )
    return Schedule(zone=zone, layers=(night, rest), overrides=overrides)


if __name__ == "__main__":
    main()
