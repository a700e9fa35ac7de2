"""Flags for any OpenFeature client: a provider over the compiled document."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode as OpenFeatureCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.provider import AbstractProvider, Metadata

from payment_core.flags.evaluator import ErrorCode, Evaluator, Reason, Resolution
from payment_core.flags.targeting.coercion import Value

NAME = "tillwatch"
_Asked = TypeVar("_Asked")
_Sequence = Sequence[FlagValueType]
_Object = _Sequence | Mapping[str, FlagValueType]
_CODES = {code: OpenFeatureCode(code.value) for code in ErrorCode}


class FlagProvider(AbstractProvider):
    """Answers from one evaluator until the next is served. Asking never waits: the async methods are the same ones.

    An error is told by its code, with the caller's default as the value. Handlers of events run in threads.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__()
        self._evaluator = evaluator

    def serve(self, evaluator: Evaluator) -> None:
        """Answer from this one from now on, and tell PROVIDER_CONFIGURATION_CHANGED with the keys that changed."""
        changed = evaluator.changed_from(self._evaluator)
        self._evaluator = evaluator
        if changed:
            self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=changed))

    def get_metadata(self) -> Metadata:
        """The provider's name."""
        return Metadata(name=NAME)

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001  # OpenFeature's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Resolve a flag whose variants are booleans."""
        return self._resolve(flag_key, default_value, evaluation_context, _boolean)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a flag whose variants are strings."""
        return self._resolve(flag_key, default_value, evaluation_context, _string)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve a flag whose variants are whole numbers."""
        return self._resolve(flag_key, default_value, evaluation_context, _integer)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve a flag whose variants are numbers; whole ones are given with a point."""
        return self._resolve(flag_key, default_value, evaluation_context, _number)

    def resolve_object_details(
        self, flag_key: str, default_value: _Object, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[_Object]:
        """Resolve a flag whose variants are objects or lists."""
        return self._resolve(flag_key, default_value, evaluation_context, _object)

    def _resolve(
        self,
        key: str,
        default: _Asked,
        context: EvaluationContext | None,
        fitting: Callable[[Value], _Asked | None],
    ) -> FlagResolutionDetails[_Asked]:
        found = self._evaluator.resolve(key, _attributes(context))
        if found.error_code is not None:
            return _refused(default, found, found.error_code, found.error_message)
        if found.variant is None:
            return FlagResolutionDetails(default, reason=found.reason, flag_metadata=found.metadata)
        try:
            value = fitting(found.value)
        except OverflowError:
            return _refused(default, found, ErrorCode.GENERAL, f"variant {found.variant!r} is too large")
        if value is None:
            what = f"variant {found.variant!r} is a {type(found.value).__name__}"
            return _refused(default, found, ErrorCode.TYPE_MISMATCH, what)
        return FlagResolutionDetails(value, reason=found.reason, variant=found.variant, flag_metadata=found.metadata)


def _attributes(context: EvaluationContext | None) -> Mapping[str, object]:
    """The context as rules read it: the targeting key is one of its attributes, whatever they say themselves."""
    if context is None:
        return {}
    return {**context.attributes, "targetingKey": context.targeting_key}


def _refused(default: _Asked, found: Resolution, code: ErrorCode, what: str) -> FlagResolutionDetails[_Asked]:
    return FlagResolutionDetails(
        default, error_code=_CODES[code], error_message=what, reason=Reason.ERROR, flag_metadata=found.metadata
    )


def _boolean(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _string(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Value) -> float | None:
    """Raises OverflowError when a whole number is larger than any that has a point."""
    return value * 1.0 if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(value: Value) -> _Object | None:
    return value if isinstance(value, dict | list) else None
