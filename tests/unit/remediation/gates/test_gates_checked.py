"""A gate that cannot be read is told of when the configuration is checked, not when a rollout stands over it."""

import pytest

from checks.rules import compile_rules
from config.gates import Comparison, Gates, RuleGate
from config.load import load_configuration
from config.problems import ConfigurationError
from remediation.deployment.gates_checked import check_gates

RULES = {"ledger-broken", "payment-failure-rate"}


def test_the_packaged_gates_can_all_be_read() -> None:
    configuration = load_configuration(None, {})
    rules = {compiled.rule.id for compiled in compile_rules(configuration.rule_files)}
    check_gates(configuration.deployment.gates, rules)


def test_every_gate_of_no_rule_and_every_condition_that_cannot_be_used_is_named_with_what_was_meant() -> None:
    gates = Gates(
        rules=(RuleGate(rule="ledger-broke"), RuleGate(rule="payment-failure-rate"), RuleGate(rule="quite-another")),
        comparisons=(Comparison(id="wrong", bad="outcome == 'faild'"), Comparison(id="right", bad="amount_cents > 5")),
    )
    with pytest.raises(ConfigurationError) as caught:
        check_gates(gates, RULES)
    what = [(problem.what, problem.fix) for problem in caught.value.problems]
    assert what[0] == ("gates.rules.0: there is no rule 'ledger-broke'", "did you mean ledger-broken?")
    assert what[1] == ("gates.rules.2: there is no rule 'quite-another'", "add the rule, or remove the gate")
    assert what[2][0].startswith("gates.comparisons.wrong.bad: ")
    assert "failed" in what[2][1]
    assert len(what) == 3
