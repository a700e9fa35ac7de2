"""What flagd's own evaluator answers, and what ours does, in one shape that can be compared."""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.contrib.tools.flagd.core.targeting import targeting
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

from payment_core.flags.provider import FlagProvider
from payment_core.flags.targeting.compiling import Rule
from payment_core.flags.targeting.operators import UnknownOperator

NOW_SECONDS = 1_700_000_000
DEFAULTS: Mapping[str, Any] = {"boolean": True, "string": "mine", "integer": 41, "float": 4.5, "object": {"mine": 1}}
"""By the name of the type that is asked for."""
Answer = tuple[object, ...]


class StandingClock:
    """Always the same second."""

    def now_ms(self) -> int:
        return NOW_SECONDS * 1000 + 700

    def monotonic_ms(self) -> float:
        return 0.0


@contextlib.contextmanager
def quiet_flagd() -> Iterator[None]:
    """Run flagd's evaluator at a fixed second, without its log and without what ``log`` prints."""
    module = sys.modules["openfeature.contrib.tools.flagd.core.targeting.targeting"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(module, "time", SimpleNamespace(time=lambda: NOW_SECONDS + 0.7))
        patch.setattr(logging.getLogger("openfeature.contrib"), "disabled", True)
        yield


def evaluation_context(context: Mapping[str, Any]) -> EvaluationContext:
    """The context in OpenFeature's shape."""
    attributes = {name: value for name, value in context.items() if name != "targetingKey"}
    return EvaluationContext(context.get("targetingKey"), attributes)


def flagd_of(document: Mapping[str, Any]) -> FlagdCore:
    """Make flagd's evaluator over the document as it travels."""
    core = FlagdCore()
    core.set_flags(json.dumps(document))
    return core


def flagd_answer(core: FlagdCore, kind: str, key: str, context: Mapping[str, Any]) -> Answer:
    """What flagd says when it is asked for a type; a crash of it is GENERAL, as its clients have it."""
    ask = getattr(core, f"resolve_{kind}_value")
    try:
        found = ask(key, DEFAULTS[kind], evaluation_context(context))
    except OpenFeatureError as refusal:
        return "ERROR", refusal.error_code.value
    except Exception as crash:  # noqa: BLE001  # the oracle crashes where values do not fit
        return "ERROR", "GENERAL" if not isinstance(crash, ReferenceError) else "PARSE_ERROR"
    return str(found.reason), repr(found.value), found.variant, dict(found.flag_metadata)


def our_answer(provider: FlagProvider, kind: str, key: str, context: Mapping[str, Any]) -> Answer:
    """What our provider says when it is asked for a type."""
    found = getattr(provider, f"resolve_{kind}_details")(key, DEFAULTS[kind], evaluation_context(context))
    if found.error_code is not None:
        assert found.value == DEFAULTS[kind]
        return "ERROR", found.error_code.value
    return str(found.reason), repr(found.value), found.variant, dict(found.flag_metadata)


def flagd_value(flag: str, logic: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """What the rule gives in flagd, or how it fails."""
    try:
        return repr(targeting(flag, dict(logic), evaluation_context(context)))
    except ReferenceError:
        return "unknown operator"
    except Exception:  # noqa: BLE001  # the oracle crashes where values do not fit
        return "failed"


def our_value(rule: Rule, context: Mapping[str, Any]) -> str:
    """What the compiled rule gives, or how it fails."""
    try:
        return repr(rule(context))
    except UnknownOperator:
        return "unknown operator"
    except Exception:  # noqa: BLE001  # whatever it raises, the evaluator makes GENERAL of it
        return "failed"
