"""Options that several commands have, listed once: one parameter of a command stands for all of them."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

Bundle = Callable[..., object]
"""Its own parameters are the options; its answer is what the command is given for them."""

Answer = TypeVar("Answer")


def bundled(**bundles: Bundle) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A command, or a larger bundle, whose parameters of these names are given by what their bundles ask for."""

    def decorate(command: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(command)
        def run(**given: Any) -> Answer:  # noqa: ANN401 - whatever the options are
            made = {
                name: bundle(**{option: given.pop(option) for option in _options(bundle)})
                for name, bundle in bundles.items()
            }
            return command(**given, **made)

        asked = _asked(command, bundles)
        run.__signature__ = inspect.Signature(list(asked.values()))  # type: ignore[attr-defined]  # what typer looks at
        run.__annotations__ = {name: option.annotation for name, option in asked.items()}
        return run

    return decorate


def _options(bundle: Bundle) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(bundle, eval_str=True).parameters


def _asked(command: Callable[..., object], bundles: Mapping[str, Bundle]) -> dict[str, inspect.Parameter]:
    """What the command line is asked for, in the order of the command's parameters."""
    asked: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        asked.update(_options(bundles[name]) if name in bundles else {name: parameter})
    return asked
