"""``tillwatch rules replay``: what rules would have fired and done on an archive, old against new."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from checks.compiled_rule import CompiledRule
from checks.rules import compile_rules
from config.load import load_configuration, load_rules
from config.loading.problems import ConfigurationError
from config.policy import Policy
from daemon.archive.reading import ArchiveUnreadable, Unread
from daemon.cli.options import Json, Picture, directory_with
from daemon.cli.output import Exit, errors, fail, note, print_json, say
from daemon.errors import NotUsable
from daemon.replay.picture import picture
from daemon.replay.recorded import recorded_facts, recorded_files
from daemon.replay.run import Replayed, RuleOutcome, Side, SideOutcome, replay

PACKAGED = "packaged"
"""The word for the rules that come with the program."""


@dataclass(frozen=True, slots=True)
class Report:
    """What ``--json`` prints. new, old: what would have fired under either; old is null without ``--against``."""

    facts: int
    first_ms: int
    last_ms: int
    files: int
    unreadable_lines: int
    unreadable: list[str]
    new: SideOutcome
    old: SideOutcome | None
    picture: str


def replay_archive(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="Directory of the archive, or one file of it.")],
    rules: Annotated[
        str, typer.Option("--rules", metavar="NEW", help="Rule file, directory with rules/, or the word packaged.")
    ] = PACKAGED,
    against: Annotated[str, typer.Option("--against", metavar="OLD", help="The same, to compare with.")] = "",
    config: Annotated[Path | None, directory_with("the policy.yaml to decide by")] = None,
    picture_file: Picture = None,
    tick: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two looks at the time.")] = 1.0,
    *,
    as_json: Json = False,
) -> None:
    """Play recorded facts to rules, in their own time. Every action is taken for done; nothing is sent anywhere."""
    try:
        named = [_rules(place) for place in ([rules, against] if against else [rules])]
        policy = load_configuration(config).policy if config is not None else Policy()
        files = recorded_files(archive)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    except ArchiveUnreadable as error:
        fail(f"{error}\n  fix: name the directory that archive.directory names in the settings", Exit.BAD_INPUT)
    except NotUsable as error:
        fail(str(error), Exit.BAD_INPUT)
    unread = Unread()
    replayed = _replay(files, named, policy, unread, round(tick * 1000))
    for line in unread.shown:
        note(f"not read: {line}")
    if unread.lines > len(unread.shown):
        note(f"not read: {unread.lines - len(unread.shown)} more lines")
    if picture_file is not None:
        _draw(picture_file, replayed, [one for one in (rules, against) if one])
    if as_json:
        print_json(_report(replayed, len(files), unread, picture_file))
        return
    for line in _table(replayed):
        say(line)
    if picture_file is not None:
        say(f"\nThe timeline is in {picture_file}")


def _rules(place: str) -> tuple[CompiledRule, ...]:
    return compile_rules(load_rules(None if place == PACKAGED else Path(place)))


def _replay(
    files: Sequence[Path], named: Sequence[Sequence[CompiledRule]], policy: Policy, unread: Unread, tick_ms: int
) -> Replayed:
    sides = [Side(rules, policy) for rules in named]
    with _bar(errors, sum(path.stat().st_size for path in files)) as bar:
        try:
            return replay(recorded_facts(files, unread, bar.advance), sides, tick_ms)
        except OSError as fault:
            fail(f"the archive cannot be read: {fault}", Exit.BAD_INPUT)


class Bar:
    """Tells how far the reading is; nothing where nobody looks."""

    def __init__(self, progress: Progress, size: int) -> None:
        self._progress = progress
        self._task = progress.add_task("replaying", total=max(1, size))

    def advance(self, size: int) -> None:
        """So many more bytes were read."""
        self._progress.advance(self._task, size)


@contextmanager
def _bar(console: Console, size: int) -> Iterator[Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress, size)


def _draw(path: Path, replayed: Replayed, names: Sequence[str]) -> None:
    try:
        path.write_text(picture(replayed, names), encoding="utf-8")
    except OSError as fault:
        fail(f"the picture cannot be written: {fault}\n  fix: name a file that can be made", Exit.BAD_INPUT)


def _report(replayed: Replayed, files: int, unread: Unread, picture_file: Path | None) -> Report:
    return Report(
        facts=replayed.facts,
        first_ms=replayed.first_ms,
        last_ms=replayed.last_ms,
        files=files,
        unreadable_lines=unread.lines,
        unreadable=unread.shown,
        new=replayed.sides[0],
        old=replayed.sides[1] if len(replayed.sides) > 1 else None,
        picture="" if picture_file is None else str(picture_file),
    )


def _table(replayed: Replayed) -> Iterator[str]:
    """One line for each rule that fired on either side or is not on both; the silent ones are counted."""
    sides = [{rule.id: rule for rule in side.rules} for side in replayed.sides]
    names = list(dict.fromkeys(name for side in sides for name in side))
    noisy = [
        name
        for name in names
        if any(name not in side or side[name].fired or side[name].held or side[name].acted for side in sides)
    ]
    seconds = (replayed.last_ms - replayed.first_ms) / 1000
    yield f"{replayed.facts:,} facts in {_duration(seconds)}"
    if noisy:
        width = max(len("rule"), *(len(name) for name in noisy))
        heads = ("new",) if len(sides) == 1 else ("new", "old")
        yield "".join([" " * (width + 2), *(f"{head:<{_CELL}}" for head in heads)]).rstrip()
        yield "".join([f"{'rule':<{width + 2}}", *(f"{_HEAD:<{_CELL}}" for _ in heads)]).rstrip()
        for name in noisy:
            yield "".join([f"{name:<{width + 2}}", *(f"{_cell(side.get(name)):<{_CELL}}" for side in sides)]).rstrip()
    quiet = len(names) - len(noisy)
    if quiet:
        yield f"{quiet} rules never fired" if noisy else f"none of {quiet} rules fired"
    for name in noisy:
        for head, side in zip(("new", "old"), sides, strict=False):
            held = side[name].held if name in side else {}
            if held:
                why = ", ".join(f"{reason} {count} x" for reason, count in sorted(held.items()))
                yield f"{head} {name} did nothing: {why}"


_HEAD = f"{'fired':>6} {'for':>9} {'incidents':>9} {'acted':>5}"
_CELL = len(_HEAD) + 4


def _cell(rule: RuleOutcome | None) -> str:
    if rule is None:
        return f"{'no such rule':>{len(_HEAD)}}"
    lasting = "+" if rule.firing else ""
    return f"{rule.fired:>6} {_duration(rule.firing_seconds) + lasting:>9} {rule.incidents:>9} {rule.acted:>5}"


def _duration(seconds: float) -> str:
    """As a person says it: ``45 s``, ``12.5 min``, ``3.2 h``, ``2.1 d``."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit * 1.5:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"
