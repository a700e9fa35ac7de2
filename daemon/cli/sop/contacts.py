"""``tillwatch sop contacts``: who is called in an emergency and how, and who of them is on duty."""

import msgspec

from config.escalation.escalation_file import Escalation
from daemon.cli.moments import moment_ms
from daemon.cli.options import At, Json
from daemon.cli.output import print_json, say
from daemon.cli.sop.files import Directory, loaded
from daemon.clock import SystemClock
from remediation.escalation.on_call import duties

LOOKED_MS = 1
"""Who is on duty at one moment."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach somebody."""

    channel: str
    address: str


class ContactLine(msgspec.Struct, frozen=True, kw_only=True):
    """A person. on_duty: schedules in which it is their turn. called: after how many seconds, by policy."""

    person: str
    name: str
    ways: list[Way]
    on_duty: list[str]
    called: dict[str, float]


class ContactList(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they are called."""

    contacts: list[ContactLine]


def contacts(
    config: Directory = None,
    at: At = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Everybody who is called in an emergency: how, who is on duty, and after how long an incident comes to them."""
    escalation = loaded(config).escalation
    at_ms = moment_ms(at) if at else SystemClock().now_ms()
    found = contact_lines(escalation, at_ms)
    if as_json:
        print_json(ContactList(contacts=found))
        return
    for one in found:
        duty = f", on duty now ({', '.join(one.on_duty)})" if one.on_duty else ""
        say(f"{one.name} ({one.person}){duty}")
        for way in one.ways:
            say(f"  {way.channel}: {way.address}")
        for policy, seconds in one.called.items():
            say(f"  called by {policy} after {seconds / 60:g} min")


def contact_lines(escalation: Escalation, at_ms: int) -> list[ContactLine]:
    """Everybody, whoever is called first before the others."""
    on_duty: dict[str, list[str]] = {}
    for name, schedule in escalation.schedules.items():
        for duty in duties(schedule, at_ms, at_ms + LOOKED_MS):
            if duty.person:
                on_duty.setdefault(duty.person, []).append(name)
    called = {person: _called(escalation, person) for person in escalation.people}
    lines = [
        ContactLine(
            person=key,
            name=person.name,
            ways=[Way(channel=one.channel, address=one.address) for one in person.contacts],
            on_duty=on_duty.get(key, []),
            called=called[key],
        )
        for key, person in escalation.people.items()
    ]
    return sorted(lines, key=lambda line: min(line.called.values(), default=float("inf")))


def _called(escalation: Escalation, person: str) -> dict[str, float]:
    """After how many seconds each policy comes to this person, by name or by a schedule that they are in."""
    found: dict[str, float] = {}
    for name, policy in escalation.policies.items():
        for step in policy.steps:
            told = {one.person for one in step.tell}
            schedules = (escalation.schedules[one.schedule] for one in step.tell if one.schedule is not None)
            if person in told or any(person in schedule.people for schedule in schedules):
                found.setdefault(name, step.after)
    return found
