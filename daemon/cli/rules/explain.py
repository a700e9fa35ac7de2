"""``tillwatch rules explain``: what a rule measures, how fast it sees a fault, and why it fires now or does not."""

from pathlib import Path
from typing import Annotated

import typer

from checks.compiled_rule import CompiledRule
from checks.explaining.prose import TimeToBreach, describe, times_to_breach
from checks.rules import compile_rules
from config.load import load_configuration
from config.loading.loader import Loaded
from config.loading.problems import ConfigurationError
from config.loading.suggest import closest
from config.rules.rule_file import RuleFile
from daemon.cli.options import Json, Token, directory_with, usable_address
from daemon.cli.output import Exit, fail, print_json, say
from daemon.cli.rules.readings import Current, current

_Directory = Annotated[Path | None, directory_with("rules/")]


def explain_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, such as payment-failure-rate.")],
    config: _Directory = None,
    rate: Annotated[float, typer.Option(min=0.001, help="Facts a second of one key.")] = 40.0,
    url: Annotated[
        str,
        typer.Option(
            help="The running daemon, for what it reads now; nothing is asked when left out.", callback=usable_address
        ),
    ] = "",
    token: Token = "",
    *,
    as_json: Json = False,
) -> None:
    """Say what a rule measures, how fast it sees a fault, what it reads now, and why it fires or does not."""
    compiled = _find(_loaded(config), rule_id)
    times = times_to_breach(compiled, rate)
    readings = current(url, token, compiled) if url else None
    if as_json:
        print_json(
            {
                "id": rule_id,
                "text": describe(compiled),
                "rule": compiled.rule.model_dump(mode="json"),
                "facts_per_second": rate,
                "times_to_breach": times,
                "readings": readings,
            }
        )
        return
    say(describe(compiled))
    if times:
        say(f"\nTime to breach at {rate:g} facts a second of one key:")
        for line in _table(times):
            say(line)
    else:
        say("\nNo share of bad facts decides when it breaches: what the facts hold does, or how many there are")
    if readings is not None:
        say("\nNow:" if readings else "\nNow: no fact of any key is in the window")
        for reading in readings:
            say(_reading_line(reading))


def _loaded(config: Path | None) -> tuple[Loaded[RuleFile], ...]:
    try:
        return load_configuration(config).rule_files
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _find(rule_files: tuple[Loaded[RuleFile], ...], rule_id: str) -> CompiledRule:
    try:
        by_id = {compiled.rule.id: compiled for compiled in compile_rules(rule_files)}
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    if rule_id not in by_id:
        meant = closest(rule_id, by_id)
        fix = f"did you mean {meant}?" if meant else f"the rules are: {', '.join(sorted(by_id))}"
        fail(f"there is no rule {rule_id!r}\n  fix: {fix}", Exit.BAD_INPUT)
    return by_id[rule_id]


def _table(times: tuple[TimeToBreach, ...]) -> list[str]:
    lines = [f"  {'bad facts':>9}  {'in full traffic':>15}  {'on a fresh key':>14}"]
    for time in times:
        steady, fresh = _seconds(time.steady_seconds), _seconds(time.fresh_seconds)
        lines.append(f"  {time.bad_share * 100:>7g} %  {steady:>15}  {fresh:>14}")
    return lines


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"


def _reading_line(reading: Current) -> str:
    subject = ", ".join(f"{name}={value}" for name, value in reading.key.items())
    return f"  {subject or 'all'}: {reading.state}, {reading.shown}, {reading.samples} samples\n    {reading.why}"
