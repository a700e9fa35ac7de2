"""From a policy to the steps of one incident: who is told when, as it is planned at its start."""

from collections.abc import Iterable

from config.escalation.escalation_file import Escalation, EscalationPolicy, Step, Tell
from config.escalation.matchers import all_match
from remediation.escalation.chain import PlannedStep
from remediation.escalation.notices import Target
from remediation.escalation.on_call import on_duty
from remediation.incidents.labels import labels_of
from remediation.journal.escalation_kinds import EscalationStarted
from remediation.state import Incident

CRITICAL = 1
OPENED, GRAVER, UNANSWERED, REOPENED = "it opened", "it is graver", "nobody is on it any more", "it was opened again"
"""Why a chain begins."""


def policy_of(incident: Incident, escalation: Escalation) -> str:
    """The name of the policy that the incident goes by."""
    labels = labels_of(incident)
    return next((one.policy for one in escalation.routes if all_match(one.matchers, labels)), escalation.usual)


def started(incident: Incident, generation: int, why: str, escalation: Escalation, now_ms: int) -> EscalationStarted:
    """The plan, from now on: after an outage nobody's time is over before they were told."""
    name = policy_of(incident, escalation)
    policy = escalation.policies[name]
    wait_ms = 0 if incident.severity <= CRITICAL or why != OPENED else round(escalation.group.wait * 1000)
    return EscalationStarted(
        incident_id=incident.id,
        generation=generation,
        policy=name,
        severity=incident.severity,
        steps=steps_of(policy, escalation, now_ms, first_at_ms=incident.opened_at_ms + wait_ms),
        ack_timeout_ms=round(policy.ack_timeout * 1000),
        why=why,
    )


def steps_of(
    policy: EscalationPolicy, escalation: Escalation, begins_ms: int, *, first_at_ms: int = 0
) -> tuple[PlannedStep, ...]:
    """Every step of every round. first_at_ms: nobody is told before. It tells who is on duty when it is due.

    A step that reaches nobody, because nobody is on duty, does not cost time: the next one is due in its place.
    """
    planned: list[PlannedStep] = []
    round_ms = round((policy.steps[-1].after + policy.repeat_after) * 1000)
    due_early_ms: int | None = None
    for turn in range(policy.repeat + 1):
        for step in policy.steps:
            at_ms = max(first_at_ms, begins_ms + turn * round_ms + round(step.after * 1000))
            at_ms = at_ms if due_early_ms is None else min(at_ms, due_early_ms)
            targets = _targets(step.tell, escalation, at_ms)
            if step.tell and not targets and not step.do:
                due_early_ms = at_ms
                continue
            due_early_ms = None
            planned.append(_planned(len(planned) + 1, at_ms, step, targets))
    return tuple(planned)


def _planned(number: int, at_ms: int, step: Step, targets: tuple[Target, ...]) -> PlannedStep:
    return PlannedStep(number=number, at_ms=at_ms, level=step.level, tier=step.tier, targets=targets, action=step.do)


def _targets(tell: Iterable[Tell], escalation: Escalation, at_ms: int) -> tuple[Target, ...]:
    people = dict.fromkeys(_person(one, escalation, at_ms) for one in tell)
    return tuple(_target(name, escalation) for name in people if name)


def _person(one: Tell, escalation: Escalation, at_ms: int) -> str:
    if one.person is not None:
        return one.person
    return "" if one.schedule is None else on_duty(escalation.schedules[one.schedule], at_ms)[0]


def _target(name: str, escalation: Escalation) -> Target:
    first, *others = (contact.channel for contact in escalation.people[name].contacts)
    return Target(person=name, channel=first, fallbacks=tuple(others))
