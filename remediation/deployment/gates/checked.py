"""What is wrong with the gates of a configuration, before a rollout stands still over it."""

from checks.expression import ExpressionError, compile_condition
from checks.facts import PaymentAttempted
from config.delivery.gates import Gates
from config.loading.problems import ConfigurationError, Problem

FILE = "deployment.yaml"


def check_gates(gates: Gates) -> None:
    """Raise ConfigurationError with every condition of a comparison that cannot be used.

    A gate of a rule that is not there is no error: who has rules of their own and deploys nothing needs none. It has no
    data, says why, and no deployment begins with it.
    """
    problems = []
    for comparison in gates.comparisons:
        try:
            compile_condition(comparison.bad, PaymentAttempted)
        except ExpressionError as error:
            problems.append(Problem(FILE, 0, 0, f"gates.comparisons.{comparison.id}.bad: {error.what}", error.fix))
    if problems:
        raise ConfigurationError(tuple(problems))
