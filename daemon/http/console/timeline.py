"""The journal in rows, newest first; what rules in shadow mode say one after the other shares a row."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from checks.findings import Finding
from config.rules.rule_file import Rule
from daemon.http.console.page import TimelineRow
from daemon.http.words.sentences import Rules, Sentence, sentence
from daemon.http.words.wording import counted, moment
from remediation.decisions import Decision
from remediation.errors import JournalCorrupt
from remediation.journal.entry import Entry
from remediation.journal.kinds import body_of


def timeline_rows(entries: Iterable[Entry], rules: Sequence[Rule], now_ms: int) -> tuple[TimelineRow, ...]:
    """The entries in words, newest first; given oldest first."""
    by_id = {rule.id: rule for rule in rules}
    rows: list[TimelineRow] = []
    for is_watched, run in groupby(((_watched(entry), entry) for entry in entries), lambda one: one[0] is not None):
        if is_watched:
            rows.append(_together([(finding, entry) for finding, entry in run if finding is not None], by_id, now_ms))
        else:
            rows.extend(_row(entry, sentence(entry, by_id), now_ms) for _, entry in run)
    return tuple(reversed(rows))


def _watched(entry: Entry) -> Finding | None:
    """What a rule in shadow mode found, or what was not done about it."""
    try:
        body = body_of(entry)
    except JournalCorrupt:
        return None
    finding = body.finding if isinstance(body, Decision) else body
    return finding if isinstance(finding, Finding) and finding.mode == "shadow" else None


def _together(run: Sequence[tuple[Finding, Entry]], rules: Rules, now_ms: int) -> TimelineRow:
    """The first entry's place stays the row's while others join it; its time is the newest's."""
    first, newest = run[0][1], run[-1][1]
    keys: dict[str, set[str]] = {}
    for finding, _ in run:
        keys.setdefault(finding.rule_id, set()).add(finding.subject)
    if sum(map(len, keys.values())) == 1:
        told = [entry for finding, entry in run if isinstance(body_of(entry), Finding)]
        said = sentence(told[-1] if told else newest, rules)
        said = Sentence("plain", "shadow", said.text, said.detail)
    else:
        names = ", ".join(f"{rule_id} for {counted(len(found), 'key')}" for rule_id, found in keys.items())
        text = f"{counted(len(keys), 'rule')} in shadow mode spoke, and nothing was done: {names}."
        said = Sentence("plain", "shadow", text, counted(len(run), "line") + " in the journal")
    return TimelineRow(first.sequence, moment(newest.at_ms, now_ms), said, first.actor)


def _row(entry: Entry, said: Sentence, now_ms: int) -> TimelineRow:
    return TimelineRow(entry.sequence, moment(entry.at_ms, now_ms), said, entry.actor)
