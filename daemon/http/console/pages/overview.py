"""The first page: am I safe, and if not, what broke, what was done about it, and why not more."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from daemon.http.console.compose import build_page, source_rows
from daemon.http.console.figures.answers import Answer, answers
from daemon.http.console.figures.automation import AutomationPanel, automation_panel
from daemon.http.console.figures.money import MoneyPanel, money_panel
from daemon.http.console.figures.objectives import ObjectiveRow, objective_rows
from daemon.http.console.figures.shown import Figure
from daemon.http.console.page import Page, Verdict
from daemon.http.console.pages import communications, costs, deployments, flags, fraud, scaling
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.console.verdict import verdict
from daemon.http.words.wording import count
from remediation.decisions import OutcomeStatus, Reason
from remediation.state import HOUR_MS, State

_DONE = frozenset({OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Page):
    """answers: to the four questions. glance: one figure of each other page. hour: what was done in it, counted."""

    answers: tuple[Answer, ...]
    money: MoneyPanel
    automation: AutomationPanel | None
    objectives: tuple[ObjectiveRow, ...]
    glance: tuple[Figure, ...]
    hour: tuple[Figure, ...]


def compose(scene: Scene, _of: str) -> Overview:
    """Everything on it but the timeline."""
    options, now_ms, state = scene.options, scene.now_ms, scene.state
    page, watch = build_page(scene.view, options), options.books
    policy = None if options.automation is None else options.automation.policy
    return Overview(
        **{field.name: getattr(page, field.name) for field in fields(page)},
        answers=answers(page, state, {rule.id: rule for rule in options.rules}, scene.view.readings(), now_ms),
        money=money_panel(options.ledger(), None if watch is None else watch.look(), now_ms),
        automation=automation_panel(policy, state, len(page.waiting), now_ms),
        objectives=objective_rows(options.rules, scene.view.readings()),
        glance=tuple(module.glance(scene) for module in (communications, deployments, flags, scaling, costs, fraud)),
        hour=tuple(_hour(state, now_ms)),
    )


def standing(scene: Scene) -> Verdict:
    """Whether all is well, in the few words that stand on every page."""
    return verdict(scene.view, scene.view.readings(), source_rows(scene.view, scene.now_ms))


def _hour(state: State, now_ms: int) -> Iterator[Figure]:
    since_ms = now_ms - HOUR_MS
    acted = [one for one in state.actions.values() if one.decided_at_ms > since_ms]
    failed = sum(one.status is not None and one.status not in _DONE for one in acted)
    note = f"{failed} not as meant" if failed else "each seen in effect" if acted else ""
    yield Figure("Actions", count(len(acted)), note, "bad" if failed else "")
    held = [one for one in state.decisions if one.at_ms > since_ms and not one.act and one.reason is not Reason.CLEARED]
    yield Figure("Held back", count(len(held)), "with their reason below" if held else "")
    opened = [one for one in state.incidents.values() if one.opened_at_ms > since_ms]
    over = sum(one.resolved_at_ms > 0 for one in opened)
    yield Figure("Incidents", count(len(opened)), f"{over} over" if opened else "", href="/console/incidents")
    told = sum(notice.since_ms > since_ms for chain in state.escalation.chains.values() for notice in chain.notices)
    yield Figure("People told", count(told), "notices" if told else "")
    changed = sum(one.at_ms > since_ms for flag in state.flags.flags.values() for one in flag.history)
    yield Figure("Flag changes", count(changed), href="/console/flags")
    scaled = sum(at_ms > since_ms for at_ms in state.scaled_at_ms)
    yield Figure("Changes of capacity", count(scaled), href="/console/scaling")


OVERVIEW = ConsolePage(
    name="overview",
    title="Overview",
    path="/console",
    section="overview",
    panels=(
        "verdict",
        "glance",
        "incidents",
        "traffic",
        "objectives",
        "money",
        "automation",
        "hour",
        "timeline",
        "why-not",
        "sources",
        "components",
    ),
    compose=compose,
    asks_cores=True,
    chart=True,
)
