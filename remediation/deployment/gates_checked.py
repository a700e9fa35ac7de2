"""What is wrong with the gates of a configuration, before a rollout stands still over it."""

from collections.abc import Collection

from checks.expression import ExpressionError, compile_condition
from checks.facts import PaymentAttempted
from config.gates import Gates
from config.problems import ConfigurationError, Problem
from config.suggest import closest

FILE = "deployment.yaml"


def check_gates(gates: Gates, rules: Collection[str]) -> None:
    """Raise ConfigurationError with every gate of a rule that is not there, and every condition that cannot be used."""
    problems = [
        Problem(FILE, 0, 0, f"gates.rules.{place}: there is no rule {gate.rule!r}", _advice(gate.rule, rules))
        for place, gate in enumerate(gates.rules)
        if gate.rule not in rules
    ]
    for comparison in gates.comparisons:
        try:
            compile_condition(comparison.bad, PaymentAttempted)
        except ExpressionError as error:
            problems.append(Problem(FILE, 0, 0, f"gates.comparisons.{comparison.id}.bad: {error.what}", error.fix))
    if problems:
        raise ConfigurationError(tuple(problems))


def _advice(name: str, rules: Collection[str]) -> str:
    likely = closest(name, sorted(rules))
    return f"did you mean {likely}?" if likely else "add the rule, or remove the gate"
