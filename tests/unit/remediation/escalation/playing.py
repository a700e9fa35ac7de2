"""Lets time pass over a journal, and writes what is due into it when it is due; a channel that takes everything."""

from collections.abc import Iterator
from pathlib import Path

from config.escalation.escalation_file import Escalation
from config.load import DEFAULTS, ESCALATION_FILE
from config.loading.loader import load_yaml
from remediation.escalation.due import due, next_due_ms
from remediation.escalation.notices import NoticeState
from remediation.journal.escalation_kinds import EscalationStep, NoticeSent
from remediation.journal.kinds import body_of
from tests.unit.remediation.incidents.telling import MINUTE_MS, SECOND_MS, Told

ROUNDS_MAX = 50
LOOK_MS = 10 * MINUTE_MS


def shipped() -> Escalation:
    """The packaged escalation.yaml."""
    return load_yaml(Path(DEFAULTS) / ESCALATION_FILE, Escalation).value


def settle(told: Told, escalation: Escalation, *, sends: bool = True) -> None:
    """Write what is due now, and send what waits, until nothing is."""
    for _ in range(ROUNDS_MAX):
        found = due(told.state, escalation, told.at_ms)
        for body in found:
            told.say(body)
        waiting = list(waits(told)) if sends else []
        for one in waiting:
            sent = NoticeSent(
                incident_id=one.notice.incident_id, notice_id=one.notice.id, channel=one.notice.target.channel
            )
            told.say(sent)
        if not found and not waiting:
            return
    raise AssertionError("something is due for ever")


def waits(told: Told) -> Iterator[NoticeState]:
    """What is to be sent."""
    return (one for chain in told.state.escalation.chains.values() for one in chain.waiting)


def play(told: Told, escalation: Escalation, until_ms: int, *, sends: bool = True) -> None:
    """From one moment at which something is due to the next, and at each ten minutes, when windows begin and end."""
    settle(told, escalation, sends=sends)
    while told.at_ms < until_ms:
        at_ms = next_due_ms(told.state, escalation, told.at_ms)
        limit_ms = min(until_ms, told.at_ms - told.at_ms % LOOK_MS + LOOK_MS)
        told.at_ms = limit_ms if at_ms is None else min(at_ms, limit_ms)
        settle(told, escalation, sends=sends)


def steps(told: Told) -> list[tuple[str, int, int, float]]:
    """Incident, generation, number and minutes since the first entry, of every step in the journal."""
    began_ms = told.entries[0].at_ms
    return [
        (body.incident_id, body.generation, body.number, (entry.at_ms - began_ms) / MINUTE_MS)
        for entry in told.entries
        if isinstance(body := body_of(entry), EscalationStep)
    ]


__all__ = ["MINUTE_MS", "SECOND_MS", "Told", "play", "settle", "shipped", "steps", "waits"]
