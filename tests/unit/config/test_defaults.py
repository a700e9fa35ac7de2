"""What ships with the package is valid, complete and described by its schema."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # the package has no types

from config.delivery.deployment import Deployments
from config.flags import Flags
from config.load import DEFAULTS, load_configuration, load_scenario, scenario_names
from config.loading.loader import load_yaml, read
from config.loading.problems import ConfigurationError
from config.policy import Policy
from config.scenario import SetWeights, StartCore, StopCore
from config.whole.schema import MODELS, Kind, json_schema

FILES = Path(__file__).parents[2] / "data" / "config"
SHIPPED = sorted(path.relative_to(DEFAULTS).as_posix() for path in DEFAULTS.rglob("*.yaml"))


def kind_of(relative: str) -> Kind:
    """The kind of a shipped file, by where it lies."""
    kinds: dict[str, Kind] = {
        "rules": "rules",
        "sops": "procedure",
        "rule_tests": "rule-tests",
        "scenarios": "scenario",
        "policy.yaml": "policy",
        "prices.yaml": "prices",
        "fraud.yaml": "fraud",
        "ach.yaml": "ach",
        "deployment.yaml": "deployment",
        "scaling.yaml": "scaling",
        "escalation.yaml": "escalation",
        "flags.yaml": "flags",
        "communications": "communication",
        "status-page.yaml": "status-page",
    }
    return "deployment" if relative.startswith("scenarios/deployments/") else kinds[relative.split("/", maxsplit=1)[0]]


@pytest.mark.parametrize("relative", SHIPPED)
def test_a_shipped_file_obeys_its_model_and_its_schema(relative: str) -> None:
    kind = kind_of(relative)
    load_yaml(DEFAULTS / relative, MODELS[kind])
    schema = json.loads((DEFAULTS / "schema" / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(read(DEFAULTS / relative).value)


@pytest.mark.parametrize("relative", [relative for relative in SHIPPED if not relative.startswith("rules/")])
def test_a_shipped_file_names_its_schema_for_the_editor(relative: str) -> None:
    path = DEFAULTS / relative
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == DEFAULTS / "schema" / f"{kind_of(relative)}.json"


@pytest.mark.parametrize("kind", list(MODELS))
def test_the_published_schema_equals_the_models(kind: Kind) -> None:
    published = json.loads((DEFAULTS / "schema" / f"{kind}.json").read_text(encoding="utf-8"))
    assert published == json_schema(kind), f"run: tillwatch config schema {kind} > config/defaults/schema/{kind}.json"


def test_every_packaged_policy_value_is_the_models_default() -> None:
    assert load_yaml(DEFAULTS / "policy.yaml", Policy).value == Policy()


def test_every_packaged_deployment_value_is_the_models_default() -> None:
    assert load_yaml(DEFAULTS / "deployment.yaml", Deployments).value == Deployments()


def test_every_packaged_value_about_flags_is_the_models_default() -> None:
    assert load_yaml(DEFAULTS / "flags.yaml", Flags).value == Flags()


def test_without_a_directory_the_defaults_are_loaded() -> None:
    configuration = load_configuration(None, {})
    unfilled = tuple(one.model_copy(update={"hours": None}) for one in configuration.policy.calendars)
    assert configuration.policy.model_copy(update={"calendars": unfilled}) == Policy()
    assert configuration.rule_files


def test_the_scenarios_play_what_they_say() -> None:
    known = {"healthy", "bad-canary", "core-outage", "card-testing", "security-alert", "cost-overrun"}
    known |= {"aws-throttled", "busy-day", "migration", "region-loss", "slow-canary"}
    assert known <= set(scenario_names())
    assert load_scenario("healthy").value.steps == ()
    canary = load_scenario("bad-canary").value
    assert canary.green.version == "2.0.0"
    assert canary.green.fault.fail_percent == 5
    assert canary.steps == (SetWeights(at=5.0, step="deploy", green_percent=25),)
    outage = load_scenario("core-outage").value
    assert [type(step) for step in outage.steps] == [StopCore, StartCore]


@pytest.mark.parametrize("name", scenario_names())
def test_a_packaged_scenario_has_the_name_of_its_file(name: str) -> None:
    assert load_scenario(name).value.name == name


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean bad-canary\? Known: .*healthy"):
        load_scenario("bad-canry")


def test_a_scenario_can_be_given_by_its_path() -> None:
    assert load_scenario(str(FILES / "scenario.complete.good.yaml")).value.name == "try-out"
    with pytest.raises(ConfigurationError, match="not a file"):
        load_scenario("./nowhere.yaml")
