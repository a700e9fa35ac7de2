"""Reads a measure that is one of several kinds, each told by the field that names it."""

from collections.abc import Callable

from pydantic import BeforeValidator, Discriminator

from config.loading.suggest import closest, listed
from config.model import refusal


def one_of(kinds: tuple[str, ...], advice: str) -> tuple[Discriminator, BeforeValidator]:
    """What tells the kinds apart, and what refuses a measure of none or of several. advice: for one that names none."""
    discriminator = Discriminator(
        _kind_among(kinds),
        custom_error_type="measure_kind",
        custom_error_message=f"a measure is a mapping that names one of {', '.join(kinds)}",
    )
    return discriminator, BeforeValidator(_exactly_one(kinds, advice))


def _exactly_one(kinds: tuple[str, ...], advice: str) -> Callable[[object], object]:
    def check(measure: object) -> object:
        if not isinstance(measure, dict):
            return measure
        found = [name for name in kinds if name in measure]
        if len(found) == 1:
            return measure
        if found:
            what = f"a rule has one measure, this one has {len(found)}: {listed(found)}"
            raise refusal(what, f"keep one of {listed(found)}, and write a rule of its own for each other", (found[1],))
        what = f"the measure names none of {listed(kinds)}"
        for key in measure:
            likely = closest(str(key), kinds)
            if likely is not None:
                raise refusal(f"{what}; it has {key!r:.80}", f"did you mean {likely}?", (key,))
        raise refusal(what, advice)

    return check


def _kind_among(kinds: tuple[str, ...]) -> Callable[[object], str | None]:
    def kind(measure: object) -> str | None:
        present = measure if isinstance(measure, dict) else getattr(measure, "model_fields_set", ())
        return next((name for name in kinds if name in present), None)

    return kind
