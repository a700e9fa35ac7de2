"""``tillwatch fraud``: why a payment got its score, whether it gets it again, and whether fraud.yaml can be used."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checks.scoring.compile import FraudRules, compile_fraud
from checks.scoring.model import Reading, Score
from checks.scoring.replay import replay
from config.load import load_configuration
from config.loading.problems import ConfigurationError
from daemon.cli.core.store import Books, Database, EndpointUrl, Region, Store, Table, asked, store_options
from daemon.cli.options import DataDir, Json, directory_with
from daemon.cli.output import Exit, fail, print_json, say
from payment_core.fraud.rule_sets import FraudRuleSet, rules_of
from payment_core.options import CoreOptions
from payment_core.payments.model import Payment
from payment_core.payments.rail.kept_score import ReadingsUnusable, recorded

fraud_app = typer.Typer(no_args_is_help=True, help="Fraud scores: explain one, and check fraud.yaml.")

_Directory = Annotated[
    Path | None, typer.Option("--config", help="Directory with fraud.yaml; the rules that scored when left out.")
]
_Linted = Annotated[Path | None, directory_with("fraud.yaml")]


class RuleReading(msgspec.Struct, frozen=True):
    """What one rule measured. matched: whether that was beyond its limit. threshold: empty for a plain condition."""

    rule: str
    family: str
    reason: str
    points: int
    reading: Reading
    threshold: str
    mode: str
    matched: bool


class Explanation(msgspec.Struct, frozen=True):
    """A stored decision and its replay. same: whether score, decision and reasons are reached again.

    version: of the rules that scored; replayed_version: of those it was replayed with. replayed: None when there was
    no score to begin with.
    """

    payment: str
    decision: str
    score: int
    reasons: tuple[str, ...]
    version: str
    replayed_version: str
    same: bool
    replayed: Score | None = None
    rules: tuple[RuleReading, ...] = ()


@fraud_app.command("lint")
def lint_command(config: _Linted = None, *, as_json: Json = False) -> None:
    """Check every rule, hard rule, allow rule and list entry of fraud.yaml. Exit 2 with every mistake by line."""
    try:
        rules = compile_fraud(load_configuration(config).fraud)
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, "problems": error.problems})
        fail(str(error), Exit.BAD_INPUT)
    fraud = rules.fraud
    shadow = [rule.id for rule in fraud.rules if rule.mode == "shadow"]
    shadow += [hard.id for hard in fraud.hard if hard.mode == "shadow"]
    if as_json:
        print_json({"ok": True, "problems": [], "version": rules.version, "rules": len(rules.rules), "shadow": shadow})
        return
    parts = f"{len(fraud.hard)} hard, {len(fraud.allow)} allow, {len(fraud.lists)} entries"
    say(f"version {rules.version}: {len(rules.rules)} rules can be used ({parts}), {len(shadow)} in shadow")


@fraud_app.command("explain")
def explain_command(
    payment_id: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id, pay_...")],
    *,
    data_dir: DataDir = Path("data"),
    database: Database = None,
    store: Store = "sqlite",
    table: Table = "",
    endpoint_url: EndpointUrl = "",
    region: Region = "",
    config: _Directory = None,
    as_json: Json = False,
) -> None:
    """Show a payment's score with every rule's reading, and reach it again; exit 1 when it comes out otherwise.

    Exit 1 as well when there is no such payment.
    """
    options = store_options(
        store, data_dir=data_dir, database=database, table=table, endpoint_url=endpoint_url, region=region
    )
    payment, scored = _read(options, payment_id)
    tried = scored if config is None else _rules_in(config)
    try:
        explained = _explain(payment, scored, tried)
    except ReadingsUnusable as error:
        fail(f"{payment_id}: {error}", Exit.NO)
    if as_json:
        print_json(explained)
    else:
        _tell(explained)
    if not explained.same:
        raise typer.Exit(Exit.NO)


def _read(options: CoreOptions, payment_id: str) -> tuple[Payment, FraudRules | None]:
    """The payment, and the rules that scored it; None when it was not scored. Ends the command otherwise."""
    place = options.table if options.store == "dynamodb" else options.database

    async def look(books: Books) -> tuple[Payment | None, FraudRuleSet | None]:
        payment = await books.read(Payment, payment_id)
        if payment is None or payment.fraud.version == "":
            return payment, None
        return payment, await books.read(FraudRuleSet, payment.fraud.version)

    payment, kept = asked(options, look)
    if payment is None:
        fail(f"{place}: there is no payment {payment_id!r:.80}", Exit.NO)
    if payment.fraud.version == "":
        return payment, None
    if kept is None:
        fail(f"{place}: the rules of version {payment.fraud.version} are not kept in it", Exit.NO)
    try:
        return payment, rules_of(kept)
    except ConfigurationError as error:
        fail(f"the rules of version {payment.fraud.version} cannot be used any more:\n{error}", Exit.NO)


def _rules_in(config: Path) -> FraudRules:
    try:
        return compile_fraud(load_configuration(config).fraud)
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _explain(payment: Payment, scored: FraudRules | None, tried: FraudRules | None) -> Explanation:
    fraud = payment.fraud
    told = (payment.id, fraud.decision, fraud.score, fraud.reasons, fraud.version)
    if scored is None or tried is None:
        return Explanation(*told, replayed_version="", same=True)
    replayed = replay(recorded(payment, scored), tried)
    reasons = (*(hard.reason for hard in replayed.hard), *(m.reason for m in replayed.reasons if m.points > 0))
    same = (replayed.value, replayed.decision, reasons) == (fraud.score, fraud.decision, fraud.reasons)
    return Explanation(*told, tried.version, same, replayed, tuple(_readings(replayed, tried)))


def _readings(replayed: Score, rules: FraudRules) -> list[RuleReading]:
    matched = {match.rule for match in (*replayed.reasons, *replayed.shadow)}
    by_id = {compiled.rule.id: compiled.rule for compiled in rules.rules}
    return [
        RuleReading(rule.id, rule.family, rule.reason, rule.points, reading, rule.breach, rule.mode, rule.id in matched)
        for rule, reading in ((by_id[name], read) for name, read in zip(replayed.rules, replayed.readings, strict=True))
    ]


def _tell(explained: Explanation) -> None:
    replayed = explained.replayed
    if replayed is None:
        say(f"{explained.payment}: {explained.decision} without a score: {', '.join(explained.reasons)}")
        return
    say(f"{explained.payment}: {explained.decision}, score {explained.score}, rules {explained.version}")
    for hard in replayed.hard:
        say(f"  {hard.decision}: {hard.reason} ({hard.rule})")
    for allowed in replayed.allowed:
        say(f"  at most review: {allowed.reason} ({allowed.rule})")
    for family, points in replayed.families.items():
        say(f"  {family}: {points} points")
        for rule in explained.rules:
            if rule.matched and rule.family == family and rule.mode == "enforce":
                limit = f"{rule.reading:g} {rule.threshold}" if rule.threshold else "true"
                say(f"    {rule.points:>5}  {rule.reason} ({rule.rule}): {limit}")
    for rule in explained.rules:
        if rule.matched and rule.mode == "shadow":
            say(f"  in shadow: {rule.reason} ({rule.rule})")
    quiet = sum(not rule.matched for rule in explained.rules)
    say(f"  {quiet} rules did not match; --json has their readings")
    other = "" if explained.version == explained.replayed_version else f" by other rules, {explained.replayed_version}"
    if explained.same:
        say(f"replayed{other}: the same")
    else:
        say(f"replayed{other}: NOT the same: {replayed.decision}, score {replayed.value}")
