"""The commands of ``tillwatch rules``: find what is wrong with rules, try them, and say what one does."""

import typer

from daemon.cli.rules.explain import explain_rule
from daemon.cli.rules.lint import lint_rules
from daemon.cli.rules.replay import replay_archive
from daemon.cli.rules.tests import play_tests

rules_app = typer.Typer(
    name="rules", help="Find what is wrong with rules, try them, and say what one does.", no_args_is_help=True
)
rules_app.command("lint")(lint_rules)
rules_app.command("test")(play_tests)
rules_app.command("replay")(replay_archive)
rules_app.command("explain")(explain_rule)
