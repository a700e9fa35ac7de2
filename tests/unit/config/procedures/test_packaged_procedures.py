"""The packaged procedures answer every runbook, every emergency and every look that the owner asks for."""

from pathlib import Path

import pytest

from config.load import DEFAULTS, load_configuration
from config.loading.problems import ConfigurationError
from config.procedures.commands import Nature
from config.procedures.directory import by_runbook, read_procedures
from config.procedures.procedure import Procedure
from config.whole.runbooks import runbook_names
from remediation import scaling_findings
from remediation.deployment import telling as deployment_telling
from remediation.flags import telling as flag_telling

PROCEDURES = [one.value for one in load_configuration(None, {}).procedures]
ASKED_FOR = {
    "emergency-shutdown", "daily-cost-check", "key-rotation", "region-failover", "ach-return-handling", "fraud-outage",
    "ledger-imbalance", "rollback-by-hand", "payment-failures", "latency", "double-charge", "card-testing",
    "cost-overrun", "security-alert", "broker-loss", "aws-throttled", "health-component-down", "bank-file-rejected",
    "escrow-stuck", "no-data", "business-continuity", "maintenance", "incident-response",
}  # fmt: skip
OWN = """\
name: payment-failures
title: Ours
family: incident
purpose: As we do it.
owner: on-call
within: 5m
steps:
  - {id: look, title: Look, command: [tillwatch, incidents, list]}
"""


def test_every_procedure_that_is_asked_for_is_there() -> None:
    assert {one.name for one in PROCEDURES} >= ASKED_FOR


def test_every_packaged_rule_and_every_finding_of_ours_leads_to_a_procedure() -> None:
    known = by_runbook(load_configuration(None, {}).procedures)
    rules = [rule for file in load_configuration(None, {}).rule_files for rule in file.value.rules]
    assert len(rules) > 40
    ours = {scaling_findings.RUNBOOK, deployment_telling.RUNBOOK, flag_telling.RUNBOOK}
    assert {rule.runbook for rule in rules} | ours <= set(known)


def test_packaged_procedures_name_people_of_the_packaged_escalation() -> None:
    escalation = load_configuration(None, {}).escalation
    people = {*escalation.people, *escalation.schedules}
    calls = {
        target.call
        for one in PROCEDURES
        for question in one.tree.values()
        for target in question.answers.values()
        if target.call is not None
    }
    owners = {one.owner for one in PROCEDURES} | {name for one in PROCEDURES for name in one.contacts}
    assert owners | calls <= people


def test_the_owners_seldom_and_daily_looks_come_back() -> None:
    days = {one.name: one.every / 86_400 for one in PROCEDURES if one.every is not None}
    assert days == {
        "daily-cost-check": 1,
        "weekly-performance-review": 7,
        "monthly-security-scan": 30,
        "business-continuity": 90,
        "key-rotation": 365,
    }


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda one: one.name)
def test_a_packaged_procedure_says_what_to_ask_when_a_step_fails(procedure: Procedure) -> None:
    assert procedure.first is not None
    assert any(step.trouble is not None for step in procedure.steps)
    # A flag that is killed by hand is one that somebody has to be able to take back.
    kills = [step for step in procedure.steps if step.command[1:3] == ("flags", "kill")]
    assert all(step.undo[1:3] == ("flags", "revive") and step.nature is Nature.HARMS for step in kills)


def loaded(folder: Path) -> dict[str, Procedure]:
    """By name, with those of the folder."""
    return {one.value.name: one.value for one in load_configuration(folder, {}).procedures}


def test_a_procedure_of_your_own_takes_the_place_of_the_packaged_one_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "sops").mkdir()
    own = OWN.replace("purpose", "runbooks: [health-payment]\npurpose")
    (tmp_path / "sops" / "payment-failures.yaml").write_text(own, encoding="utf-8")
    found = loaded(tmp_path)
    assert found["payment-failures"].title == "Ours"
    assert set(found) == {one.name for one in PROCEDURES}
    assert "health-payment" in runbook_names(tmp_path)


def refused(folder: Path) -> str:
    """What the configuration is refused with."""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(folder, {})
    return str(caught.value)


OURS = OWN.replace("payment-failures", "ours")
ELSEWHERE = "first: one\ntree: {one: {ask: One, answers: {a: {procedure: latenc}, b: {say: b}}}}\n"
UNFIT = {
    "orphans a rule": (
        "payment-failures",
        OWN,
        "no procedure is for the runbook 'health-payment'",
        "add health-payment",
    ),
    "misnamed": ("ours", OWN, "the file is called ours and the procedure payment-failures", "write name: ours"),
    "unknown person": (
        "ours",
        OURS.replace("on-call", "on-cal"),
        "sops/ours.yaml:5:8: there is no person or schedule 'on-cal'",
        "did you mean on-call?",
    ),
    "claimed twice": (
        "ours",
        OURS.replace("purpose", "runbooks: [latency]\npurpose"),
        "the runbook latency has a procedure already, latency",
        "let one of the two have it",
    ),
    "unknown procedure": ("ours", OURS + ELSEWHERE, "there is no procedure 'latenc'", "did you mean latency?"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_together_is_refused_with_its_line_and_its_fix(tmp_path: Path, case: str) -> None:
    name, text, what, fix = UNFIT[case]
    (tmp_path / "sops").mkdir()
    (tmp_path / "sops" / f"{name}.yaml").write_text(text, encoding="utf-8")
    said = refused(tmp_path)
    assert what in said
    assert fix in said


def test_a_file_that_nothing_would_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sops").mkdir()
    (tmp_path / "sops" / "ours.yml").write_text(OURS, encoding="utf-8")
    assert "rename it to ours.yaml" in refused(tmp_path)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sops").write_text("", encoding="utf-8")
    assert "this is not a directory" in refused(tmp_path)


def test_an_escalation_of_your_own_does_not_make_packaged_procedures_unusable(tmp_path: Path) -> None:
    text = "people: {ana: {name: Ana, contacts: [{channel: sms, address: '1'}]}}\nusual: one\n"
    text += "policies: {one: {steps: [{after: 0s, level: Ana, tier: L1, tell: [{person: ana}]}]}}\n"
    (tmp_path / "escalation.yaml").write_text(text, encoding="utf-8")
    assert "latency" in loaded(tmp_path)


def test_packaged_procedures_are_read_once_in_a_process() -> None:
    assert read_procedures(DEFAULTS, None)[0] is read_procedures(DEFAULTS, None)[0]
