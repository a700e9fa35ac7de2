"""A condition that cannot be used is told of when the configuration loads, not when a rollout stands over it."""

import pytest

from checks.rules import compile_rules
from config.delivery.gates import Comparison, Gates
from config.load import load_configuration
from config.loading.problems import ConfigurationError
from remediation.deployment.gates.checked import check_gates


def test_the_packaged_gates_can_be_used_and_their_rules_are_packaged_too() -> None:
    configuration = load_configuration(None, {})
    gates = configuration.deployment.gates
    check_gates(gates)
    rules = {compiled.rule.id for compiled in compile_rules(configuration.rule_files)}
    assert {gate.rule for gate in gates.rules} <= rules


def test_every_condition_that_cannot_be_used_is_named_with_what_was_meant() -> None:
    gates = Gates(
        comparisons=(
            Comparison(id="wrong", bad="outcome == 'faild'"),
            Comparison(id="right", bad="amount_cents > 5"),
            Comparison(id="none", bad="amount > 5"),
        )
    )
    with pytest.raises(ConfigurationError) as caught:
        check_gates(gates)
    first, second = caught.value.problems
    assert first.what.startswith("gates.comparisons.wrong.bad: ")
    assert "failed" in first.fix
    assert second.what.startswith("gates.comparisons.none.bad: ")
    assert "amount_cents" in second.fix
