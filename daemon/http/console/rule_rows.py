"""The rows of the console's rules: what acts in a table, and what only watches folded under one line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from checks.findings import State as ReadingState
from checks.readings import Reading
from config.rules.rule_file import Rule
from daemon.http.console.page import RuleRow, WatchedRules
from daemon.http.words.wording import NO_DATA, counted, key_pairs, moment, window

RULE_ROWS = 60
KEYS_OF_A_RULE = 4
"""Rows that fit a person's attention; the API has the rest."""

_ORDER = {ReadingState.BREACHED: 0, ReadingState.PENDING: 1, ReadingState.NO_DATA: 2, ReadingState.CLEARED: 3}
_SHOWN_TOGETHER = {ReadingState.PENDING: "pending", ReadingState.NO_DATA: NO_DATA, ReadingState.CLEARED: "clear"}


def enforced_rows(rules: Sequence[Rule], readings: Sequence[Reading], now_ms: int) -> list[RuleRow]:
    """Rules that act: breached first, then no data; a rule that no fact has reached has a row of its own."""
    return _rows([rule for rule in rules if rule.mode == "enforce"], readings, now_ms)


def watched_rules(rules: Sequence[Rule], readings: Sequence[Reading], now_ms: int) -> WatchedRules:
    """Rules in shadow mode; the line above their rows says how many of them are beyond their limit."""
    shadow = [rule for rule in rules if rule.mode == "shadow"]
    rows = _rows(shadow, readings, now_ms)
    beyond = [row for row in rows if row.state == ReadingState.BREACHED.value]
    return WatchedRules(
        rules=len(shadow),
        beyond=counted(len(beyond), "key") + f" of {counted(len({row.rule_id for row in beyond}), 'rule')}"
        if beyond
        else "",
        rows=tuple(rows[:RULE_ROWS]),
        hidden=max(0, len(rows) - RULE_ROWS),
    )


def _rows(rules: Sequence[Rule], readings: Sequence[Reading], now_ms: int) -> list[RuleRow]:
    by_rule: dict[str, list[Reading]] = {rule.id: [] for rule in rules}
    for reading in readings:
        if reading.rule_id in by_rule:
            by_rule[reading.rule_id].append(reading)
    rows: list[RuleRow] = []
    for rule in rules:
        rows.extend(_rows_of(rule, by_rule[rule.id], now_ms))
    return sorted(rows, key=lambda row: _ORDER[ReadingState(row.state)])


def _rows_of(rule: Rule, readings: Sequence[Reading], now_ms: int) -> list[RuleRow]:
    """A row per key; of the keys of one state that is no breach, many share a row."""
    if not readings:
        return [_unread(rule)]
    alike = _alike([reading.key for reading in readings])
    rows: list[RuleRow] = []
    for state in ReadingState:
        found = [reading for reading in readings if reading.state is state]
        if state is ReadingState.BREACHED or len(found) <= KEYS_OF_A_RULE:
            rows.extend(_row(rule, reading, alike, now_ms) for reading in found)
            continue
        every = _row(rule, found[0], alike, now_ms)
        samples, key = sum(reading.samples for reading in found), counted(len(found), "key")
        rows.append(
            replace(
                every,
                key=key,
                title="",
                shown=_SHOWN_TOGETHER[state],
                samples=samples,
                min_samples=0,
                since=None,
            )
        )
    return rows


def _alike(keys: Sequence[Mapping[str, str]]) -> frozenset[str]:
    """Fields that tell none of a rule's keys from another, as long as another field does."""
    if len(keys) <= 1:
        return frozenset()
    first = keys[0]
    return frozenset(name for name in first if all(key.get(name) == first[name] for key in keys))


def _row(rule: Rule, reading: Reading, alike: frozenset[str], now_ms: int) -> RuleRow:
    return RuleRow(
        rule_id=rule.id,
        summary=rule.summary,
        key=" · ".join(value for name, value in reading.key.items() if name not in alike) if reading.key else "all",
        title=key_pairs(reading.key),
        shown=NO_DATA if reading.value is None else reading.shown,
        limit=reading.breach,
        samples=reading.samples,
        min_samples=reading.min_samples,
        window=window(reading.window_seconds),
        state=reading.state.value,
        since=moment(reading.since_ms, now_ms) if reading.since_ms > 0 else None,
        severity=reading.severity,
        shadow=reading.mode == "shadow",
    )


def _unread(rule: Rule) -> RuleRow:
    return RuleRow(
        rule_id=rule.id,
        summary=rule.summary,
        key="no key yet" if rule.per else "all",
        title="",
        shown=NO_DATA,
        limit=rule.breach,
        samples=0,
        min_samples=0,
        window="",
        state=ReadingState.NO_DATA.value,
        since=None,
        severity=rule.severity,
        shadow=rule.mode == "shadow",
        is_heard=False,
    )
