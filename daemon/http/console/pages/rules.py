"""The page of rules: each with its value against its limit, whether it acts or only watches, and what it asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from checks.findings import State as ReadingState
from daemon.http.console.figures.shown import Figure
from daemon.http.console.page import RuleRow, WatchedRules
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.console.rule_rows import RULE_ROWS, enforced_rows, watched_rules
from daemon.http.resources import RuleDocument, rule_list
from daemon.http.words.wording import action_words, count, duration, moment, window


@dataclass(frozen=True, slots=True)
class RulesPage:
    """quiet_rules: those with nothing to look at; rules: the others. The attributes are those of the panel."""

    figures: tuple[Figure, ...]
    rules: tuple[RuleRow, ...]
    quiet_rules: tuple[RuleRow, ...]
    rules_hidden: int
    watched: WatchedRules


@dataclass(frozen=True, slots=True)
class RulePage:
    """One rule. asks: its parts by name. rows: its keys."""

    id: str
    summary: str
    asks: tuple[tuple[str, str], ...]
    rows: tuple[RuleRow, ...]
    hidden: int


def compose_list(scene: Scene, _of: str) -> RulesPage:
    """Every rule with its readings."""
    rules, readings, now_ms = scene.options.rules, scene.view.readings(), scene.now_ms
    rows = enforced_rows(rules, readings, now_ms)
    return RulesPage(
        figures=tuple(_figures(scene, rows)),
        rules=tuple(row for row in rows[:RULE_ROWS] if not row.is_quiet),
        quiet_rules=tuple(row for row in rows[:RULE_ROWS] if row.is_quiet),
        rules_hidden=max(0, len(rows) - RULE_ROWS),
        watched=watched_rules(rules, readings, now_ms),
    )


def compose_one(scene: Scene, of: str) -> RulePage | None:
    """The rule with this id."""
    rule = next((one for one in scene.options.rules if one.id == of), None)
    if rule is None:
        return None
    readings = [one for one in scene.view.readings() if one.rule_id == of]
    document = rule_list([rule], readings).rules[0]
    enforced = enforced_rows([rule], readings, scene.now_ms)
    rows = enforced if rule.mode == "enforce" else list(watched_rules([rule], readings, scene.now_ms).rows)
    return RulePage(
        of,
        rule.summary,
        tuple(_asks(document, readings_at(scene, of))),
        tuple(rows[:RULE_ROWS]),
        max(0, len(rows) - RULE_ROWS),
    )


def readings_at(scene: Scene, of: str) -> str:
    """When the rule was last looked at, in words; empty before the first time."""
    at_ms = max((one.at_ms for one in scene.view.readings() if one.rule_id == of), default=0)
    return moment(at_ms, scene.now_ms).text if at_ms else ""


def _figures(scene: Scene, rows: list[RuleRow]) -> Iterator[Figure]:
    rules = scene.options.rules
    enforced = sum(rule.mode == "enforce" for rule in rules)
    breached = sum(row.state == ReadingState.BREACHED.value for row in rows)
    silent = sum(row.state == ReadingState.NO_DATA.value and row.is_heard for row in rows)
    yield Figure("Breached", count(breached), "of those that act", "bad" if breached else "good")
    yield Figure("Without data", count(silent), "that had some before", "odd" if silent else "good")
    yield Figure("Acting", count(enforced), f"of {count(len(rules))} rules")
    yield Figure("Watching", count(len(rules) - enforced), "in shadow mode")


def _asks(rule: RuleDocument, read: str) -> Iterator[tuple[str, str]]:
    yield "measure", f"{rule.measure} of {rule.on}"
    if rule.where not in {"", "true"}:
        yield "where", rule.where
    yield "for each", ", ".join(rule.per) if rule.per else "all together"
    if rule.window_seconds:
        yield "window", window(rule.window_seconds)
    yield "breach", rule.breach if rule.breach else "as soon as it is so"
    if rule.for_seconds:
        yield "must hold for", duration(rule.for_seconds * 1000)
    yield "clear", rule.clear if rule.clear else "when it is no longer breached"
    yield "fewest samples", count(rule.min_samples)
    yield "without data", rule.no_data
    yield "mode", rule.mode
    yield "severity", rule.severity
    yield "asks for", ", ".join(action_words(action) for action in rule.do) if rule.do else "nothing but to be told"
    yield "runbook", rule.runbook
    yield "last read", read if read else "never"


RULES = ConsolePage(
    name="rules",
    title="Rules",
    path="/console/rules",
    section="rules",
    panels=("figures", "rules"),
    compose=compose_list,
)

RULE = ConsolePage(
    name="rule", title="Rule", path="/console/rules/{of}", section="rules", panels=("rule",), compose=compose_one
)
