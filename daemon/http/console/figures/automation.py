"""What automation may do at this moment, and what it may not: every limit with what is used of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from config.policy import Policy
from daemon.http.console.figures.shown import dollars
from daemon.http.words.wording import Moment, action_words, counted, duration, moment
from remediation.guardrails.calendar import is_open
from remediation.guardrails.halts import halted
from remediation.guardrails.money_at_risk import risked_cents
from remediation.state import HOUR_MS, State

COOLING_ROWS = 6
"""Targets that are left alone for now; more of them is a storm, which stands above."""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit. state: free, used up or closed. until: when it gives way by itself; None when nobody can say."""

    what: str
    used: str
    state: Literal["free", "used up", "closed"]
    until: Moment | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class AutomationPanel:
    """state: acts, observes or stopped. words: who stopped it and why, or what it does."""

    state: Literal["acts", "observes", "stopped"]
    words: str
    limits: tuple[LimitRow, ...]
    waiting: int


def automation_panel(policy: Policy | None, state: State, waiting: int, now_ms: int) -> AutomationPanel | None:
    """From the policy and the journal's state; None where no policy is known. waiting: questions to people."""
    if policy is None:
        return None
    held = halted(state)
    if held:
        standing: Literal["acts", "observes", "stopped"] = "stopped"
        words = f"{held[:1].upper()}{held[1:]}. Nothing acts by itself until somebody resumes it."
    elif policy.guard.observe_only:
        standing, words = "observes", "Findings are judged and recorded, nothing is changed."
    else:
        standing, words = "acts", "It acts by itself within the limits below."
    limits = (*_budgets(policy, state, now_ms), *_calendars(policy, now_ms), *_cooling(policy, state, now_ms))
    return AutomationPanel(standing, words, limits, waiting)


def _budgets(policy: Policy, state: State, now_ms: int) -> Iterator[LimitRow]:
    for what, times_ms, most in (
        ("Actions", state.intents_at_ms, policy.guard.actions_per_hour),
        ("Changes of capacity", state.scaled_at_ms, policy.guard.scalings_per_hour),
        ("Entries on fraud lists", state.listed_at_ms, policy.fraud.actions_per_hour),
    ):
        recent = [at_ms for at_ms in times_ms if at_ms > now_ms - HOUR_MS]
        spent = len(recent) >= most
        frees = moment(min(recent) + HOUR_MS, now_ms) if spent and recent else None
        yield LimitRow(what, f"{len(recent)} of {most} in the hour", "used up" if spent else "free", frees)
    risked, most_cents = risked_cents(state, now_ms), policy.money_at_risk.hour_cents
    used = f"{dollars(risked)} of {dollars(most_cents)} in the hour"
    yield LimitRow("Money at risk", used, "used up" if risked >= most_cents else "free")
    if not policy.fraud.kill_switch:
        yield LimitRow("Hold every payment", "never by itself", "closed", None, "a person does that")


def _calendars(policy: Policy, now_ms: int) -> Iterator[LimitRow]:
    """A maintenance window that is shut is no limit of what automation does every day, so only its opening is told."""
    for calendar in policy.closing:
        closed = is_open(calendar, now_ms)
        if closed is None or calendar.kind == "maintenance":
            continue
        until = moment(closed.until_ms, now_ms) if closed.until_ms else None
        yield LimitRow(f"Calendar {closed.calendar}", f"{closed.kind} in force", "closed", until, closed.why)


def _cooling(policy: Policy, state: State, now_ms: int) -> Iterator[LimitRow]:
    rest_ms = round(policy.guard.cooldown * 1000)
    # Capacity has cool-downs of its own, which its page shows, and of entries on a list each is for another subject.
    acted = [
        (name, one)
        for name, one in state.targets.items()
        if one.acted_at_ms > now_ms - rest_ms and not name.startswith(("scale:", "fraud:"))
    ]
    for name, one in sorted(acted, key=lambda pair: -pair[1].acted_at_ms)[:COOLING_ROWS]:
        done = next((action for action in reversed(state.actions.values()) if action.target == name), None)
        what = action_words(done.action) if done is not None else "acted on"
        yield LimitRow(
            name,
            f"{what} {duration(now_ms - one.acted_at_ms)} ago",
            "closed",
            moment(one.acted_at_ms + rest_ms, now_ms),
        )
    if len(acted) > COOLING_ROWS:
        yield LimitRow("More targets", counted(len(acted) - COOLING_ROWS, "target") + " cooling down", "closed")
