"""What the packaged procedures look at, each command once with what is asked of its answer, and a drill of no time."""

import re
import shlex
from collections.abc import Callable

import msgspec

from config.load import load_configuration
from config.procedures.check import AnswerCheck, ExitCheck, HealthCheck, JsonCheck
from config.procedures.commands import Nature, nature_of
from config.procedures.placeholders import placeholders_of
from config.scenario import Scenario
from daemon.cli.sop.drill_report import DrillReport
from daemon.cli.sop.seen import Done, seen

Words = tuple[str, ...]
Asked = ExitCheck | JsonCheck | HealthCheck | None
Run = Callable[[str], Done]
JSON = "--json"
ANSWERED = frozenset({0, 1})
"""The exit codes of a command that was understood and could look."""
LOOKED_AT = re.compile("sop (list|show|contacts|status|diagnose)|--dry-run")


def looks(shown_already: set[str]) -> list[tuple[Words, Asked]]:
    """What only looks, with what is asked of its answer.

    What wants a parameter is of an incident or a file that is not here, and keys are where a core was told that they
    are. shown_already: commands that other tests run; nothing more is asked of the answer of those that print no JSON.
    """
    found: dict[tuple[str, str], tuple[Words, Asked]] = {}
    for one in (loaded.value for loaded in load_configuration(None, {}).procedures):
        asked: list[tuple[Words, Asked | AnswerCheck]] = [(s.check.command or s.command, s.check) for s in one.steps]
        asked += [(q.look or q.check.command, q.check) for q in one.tree.values() if q.check is not None]
        for words, check in asked:
            is_look = bool(words) and nature_of(words) is Nature.LOOKS and words[1] not in {"vault", "validate"}
            if is_look and not placeholders_of(words) and shlex.join(words) not in shown_already:
                kept = None if isinstance(check, AnswerCheck | ExitCheck) else check
                # One flag answers as another does.
                name = "flags get" if words[1:3] == ("flags", "get") else shlex.join(words)
                found.setdefault((name, str(kept)), (words, kept))
    documents = {words for words, _ in found.values() if JSON in words}
    return [(words, kept) for words, kept in found.values() if JSON in words or (*words, JSON) not in documents]


def unanswered(chosen: list[tuple[Words, Asked]], run: Run) -> list[tuple[Words, Asked, Done]]:
    """Those of which nobody could tell anything, with what they said."""
    told = {words: run(shlex.join(words)) for words in dict.fromkeys(words for words, _ in chosen)}
    return [
        (words, check, told[words])
        for words, check in chosen
        if told[words].code not in ANSWERED or _says_nothing(check, told[words])
    ]


def _says_nothing(check: Asked, told: Done) -> bool:
    """Whether the check can make nothing of the answer, though there is something of what it asks for."""
    if check is None or seen(check, told).passed is not None:
        return False
    first = check.path.partition(".")[0] if isinstance(check, JsonCheck) else ""
    return not first or msgspec.json.decode(told.stdout.splitlines()[-1]).get(first) != []


def kept_promise(scenario: Scenario, objective_seconds: int) -> DrillReport:
    """What a drill would find that takes no time."""
    return DrillReport(
        drill_id=f"continuity-{scenario.name}",
        scenario=scenario.name,
        lost="a core",
        began_at_ms=1,
        recovery_ms=9_000,
        objective_ms=objective_seconds * 1000,
        attempted=9,
        succeeded=9,
        lost_payments=0,
        lost_events=0,
        balanced=True,
        ledger_entries=18,
        actions=[],
        met=True,
    )
