"""JSON Schema of each kind of file, for editors and for checks before a deployment."""

from typing import Any, Literal

from pydantic import BaseModel

from config.ach import Ach
from config.delivery.deployment import Deployments
from config.escalation.escalation_file import Escalation
from config.flags import Flags
from config.fraud import Fraud
from config.model import DURATION_PATTERN
from config.policy import Policy
from config.prices import Prices
from config.procedures.procedure import Procedure
from config.public.communication import Communication
from config.public.status_page import StatusPage
from config.rules.rule_file import RuleFile
from config.rules.rule_tests import RuleTestFile
from config.scaling import Scaling
from config.scenario import Scenario
from config.settings import Settings

Kind = Literal[
    "rules",
    "policy",
    "scenario",
    "settings",
    "prices",
    "fraud",
    "ach",
    "deployment",
    "scaling",
    "escalation",
    "flags",
    "procedure",
    "rule-tests",
    "status-page",
    "communication",
]
MODELS: dict[Kind, type[BaseModel]] = {
    "rules": RuleFile,
    "policy": Policy,
    "scenario": Scenario,
    "settings": Settings,
    "prices": Prices,
    "fraud": Fraud,
    "ach": Ach,
    "deployment": Deployments,
    "scaling": Scaling,
    "escalation": Escalation,
    "flags": Flags,
    "procedure": Procedure,
    "rule-tests": RuleTestFile,
    "status-page": StatusPage,
    "communication": Communication,
}
_NAMED = frozenset({"properties", "patternProperties", "$defs"})
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(what: Kind) -> dict[str, Any]:  # A JSON document has no narrower type.
    """The schema (draft 2020-12) of the file as it is written: durations are text with a unit."""
    schema = MODELS[what].model_json_schema(mode="validation")
    return {"$schema": _DIALECT, **_as_written(schema)}


def _as_written(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - any part of a JSON document, and the same part back.
    """Turn defaults of the models into what a file would hold, and drop those of whole mappings.

    names: the keys of this part are names that somebody gave, also one that is called ``default``.
    """
    if isinstance(node, list):
        return [_as_written(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    written = {key: _as_written(value, names=key in _NAMED) for key, value in node.items()}
    if names:
        return written
    default = node.get("default")
    if isinstance(default, dict):
        del written["default"]
    if node.get("pattern") == DURATION_PATTERN and isinstance(default, float):
        written["default"] = f"{default:g}s"
    return written
