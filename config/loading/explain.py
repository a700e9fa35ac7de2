"""What pydantic found wrong, said to the person who wrote the file: what it is and how to mend it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.loading.document import Path
from config.loading.locate import Located, bare, fields_as_written, is_model, locate, union_tags
from config.loading.suggest import closest, listed
from config.model import REFUSED, is_duration

_SHOWN_LENGTH_MAX = 80
"""A longer value fills the screen; the excerpt shows where it stands."""
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_EXAMPLES = {bool: "true", int: "5", float: "2.5", str: '"text"'}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error. path: of the value to blame. on_key: the key is to blame. hide: the value may be a secret."""

    path: Path
    what: str
    fix: str
    on_key: bool = False
    hide: bool = False


def explain(error: ValidationError, model: type[BaseModel]) -> list[Explanation]:
    """Every error of the validation, in pydantic's order, without those that a misspelt key explains."""
    details = error.errors(include_url=False)
    misspelt = {found for detail in details if (found := _misspelt(detail, model)) is not None}
    explained = []
    for detail in details:
        located = locate(model, detail["loc"])
        if detail["type"] == "missing" and located.path in misspelt:
            continue
        explanation = _EXPLAINERS.get(detail["type"], _other)(detail, located)
        explained.append(replace(explanation, on_key=True) if located.is_key else explanation)
    return explained


def _misspelt(detail: ErrorDetails, model: type[BaseModel]) -> Path | None:
    """The path that an unknown key was probably meant to be."""
    if detail["type"] != "extra_forbidden":
        return None
    located = locate(model, detail["loc"])
    likely = closest(str(located.path[-1]), _known(located))
    return None if likely is None else (*located.path[:-1], likely)


def _known(located: Located) -> list[str]:
    return [] if located.owner is None else list(fields_as_written(located.owner))


def _refused(detail: ErrorDetails, located: Located) -> Explanation:
    context = detail["ctx"]
    return Explanation((*located.path, *context["at"]), context["what"], context["fix"], hide=context["hide"])


def _missing(detail: ErrorDetails, located: Located) -> Explanation:
    del detail
    key = located.path[-1]
    return Explanation(located.path[:-1], f"{key} is missing", f"add {key}: {_example(located)}")


def _unknown_key(detail: ErrorDetails, located: Located) -> Explanation:
    del detail
    key, known = str(located.path[-1]), _known(located)
    likely = closest(key, known)
    if key == "<<":
        fix = "write the keys out; merge keys are not read"
    elif likely is not None:
        fix = f"did you mean {likely}?"
    else:
        fix = f"remove it; known here: {listed(known)}"
    return Explanation(located.path, f"the key {_shown(key)} is unknown", fix, on_key=True)


def _not_one_of(detail: ErrorDetails, located: Located) -> Explanation:
    return _choice(located, detail["input"], [str(value) for value in get_args(bare(located.annotation))])


def _unknown_tag(detail: ErrorDetails, located: Located) -> Explanation:
    name = detail["ctx"]["discriminator"].strip("'")
    tag = replace(located, path=(*located.path, name))
    return _choice(tag, detail["ctx"]["tag"], union_tags(located.annotation))


def _missing_tag(detail: ErrorDetails, located: Located) -> Explanation:
    known = union_tags(located.annotation)
    if not isinstance(detail["input"], dict):
        what = f"{_subject(located)} is {_shown(detail['input'])}, not a mapping"
        return Explanation(located.path, what, f"write a mapping such as {{at: 5s, step: {known[0]}, ...}}")
    name = detail["ctx"]["discriminator"].strip("'")
    return Explanation(located.path, f"{name} is missing", f"add {name}: {known[0]}; known: {listed(known)}")


def _no_measure(detail: ErrorDetails, located: Located) -> Explanation:
    what = f"the measure is {_shown(detail['input'])}, not a mapping"
    return Explanation(located.path, what, f"write measure: {_example(located)}")


def _out_of_bounds(detail: ErrorDetails, located: Located) -> Explanation:
    name, words = _BOUNDS[detail["type"]]
    unit = "s" if is_duration(located.field) else ""
    shown = f"{detail['input']:g}s" if unit else _shown(detail["input"])
    bound = f"{words} {detail['ctx'][name]:g}{unit}"
    kind = "duration" if unit else "number"
    return Explanation(located.path, f"{_subject(located)} is {shown}, not {bound}", f"write a {kind} of {bound}")


def _pattern(detail: ErrorDetails, located: Located) -> Explanation:
    hide = _hidden(located)
    needed = "in the form that is needed"
    if located.field is not None and located.field.description is not None:
        needed = located.field.description[0].lower() + located.field.description[1:]
    shown = "" if hide else f" {_shown(detail['input'])}"
    return Explanation(located.path, f"{_subject(located)}{shown} is not {needed}", _write(located), hide=hide)


def _length(detail: ErrorDetails, located: Located) -> Explanation:
    context = detail["ctx"]
    unit = "characters" if detail["type"].startswith("string") else "entries"
    words, count = (
        ("at most", context["max_length"]) if "max_length" in context else ("at least", context["min_length"])
    )
    what = "is empty" if detail["input"] == "" else f"does not have {words} {count} {unit}"
    return Explanation(located.path, f"{_subject(located)} {what}", f"write {words} {count} {unit}")


def _wrong_type(detail: ErrorDetails, located: Located) -> Explanation:
    hide = _hidden(located)
    needed = _type_name(located)
    shown = "of another type" if hide else _shown(detail["input"])
    what = f"{_subject(located)} is {shown}, not {needed}"
    return Explanation(located.path, what, _type_fix(detail, located), hide=hide)


def _type_fix(detail: ErrorDetails, located: Located) -> str:
    value, annotation = detail["input"], bare(located.annotation)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if annotation is str and number and _fits(located.field, str(value)):
        return f'put it in quotes: "{value}"'
    if not located.path and isinstance(value, list) and detail["type"] == "model_type":
        return f"put the list under {listed(_root_keys(located))}:"
    return _write(located)


def _fits(field: FieldInfo | None, text: str) -> bool:
    """Whether the text would be right for the field, as far as its pattern says."""
    patterns = [] if field is None else [getattr(item, "pattern", None) for item in field.metadata]
    return all(re.search(pattern, text) is not None for pattern in patterns if pattern is not None)


def _root_keys(located: Located) -> list[str]:
    model = bare(located.annotation)
    return [name for name, field in model.model_fields.items() if field.is_required()] or list(model.model_fields)


def _other(detail: ErrorDetails, located: Located) -> Explanation:
    shown = "" if _hidden(located) else f" {_shown(detail['input'])}"
    what = f"{_subject(located)}{shown}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
    return Explanation(located.path, what, _write(located), hide=_hidden(located))


_EXPLAINERS: dict[str, Callable[[ErrorDetails, Located], Explanation]] = {
    REFUSED: _refused,
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _not_one_of,
    "union_tag_invalid": _unknown_tag,
    "union_tag_not_found": _missing_tag,
    "model_attributes_type": _missing_tag,
    "measure_kind": _no_measure,
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
    "string_pattern_mismatch": _pattern,
    **dict.fromkeys(("string_too_short", "string_too_long", "too_short", "too_long"), _length),
    **dict.fromkeys(
        (
            *(
                f"{name}_type"
                for name in ("bool", "int", "float", "string", "dict", "list", "tuple", "model", "datetime")
            ),
            *("int_from_float", "int_parsing", "float_parsing", "bool_parsing", "finite_number", "path_type"),
        ),
        _wrong_type,
    ),
}


def _choice(located: Located, value: object, known: list[str]) -> Explanation:
    """A value that is none of the known words."""
    likely = closest(value, known) if isinstance(value, str) else None
    fix = f"write one of {listed(known)}" if likely is None else f"did you mean {likely}? Known: {listed(known)}"
    what = f"{_subject(located)} is {_shown(value)}, which is none of the known words"
    return Explanation(located.path, what, fix)


def _subject(located: Located) -> str:
    """What the sentence is about: the key, the entry of a list, or the file."""
    if not located.path:
        return "the file"
    last = located.path[-1]
    return f"entry {last + 1} of {located.path[-2]}" if isinstance(last, int) and len(located.path) > 1 else str(last)


def _type_name(located: Located) -> str:
    annotation = bare(located.annotation)
    if annotation in _NAMES:
        return _NAMES[annotation]
    if get_origin(annotation) in {tuple, list}:
        return "a list"
    if get_origin(annotation) is dict or is_model(annotation):
        return "a mapping"
    return "a path" if located.field is None else "text of the right form"


def _examples(located: Located) -> list[object]:
    field = located.field
    return [] if field is None or field.examples is None else list(field.examples)


def _example(located: Located) -> str:
    """A value that would be right here."""
    examples, annotation = _examples(located), bare(located.annotation)
    if examples:
        return str(examples[0])
    if get_origin(annotation) is Literal:
        return str(get_args(annotation)[0])
    if get_origin(annotation) in {tuple, list}:
        return "[]"
    if is_model(annotation):
        required = [f"{name}: ..." for name, field in annotation.model_fields.items() if field.is_required()]
        return f"{{{', '.join(required)}}}"
    return _EXAMPLES.get(annotation, "{}")


def _write(located: Located) -> str:
    annotation = bare(located.annotation)
    if get_origin(annotation) in {tuple, list}:
        return "write a list: lines that begin with a dash, or [a, b]"
    if not _examples(located) and annotation not in _EXAMPLES:
        return "write key: value lines below it"
    return f"write something like {_example(located)}"


def _hidden(located: Located) -> bool:
    """Whether the field's values must not be repeated."""
    return located.field is not None and not located.field.repr


def _shown(value: object) -> str:
    """The value as a person reads it, cut when it is long; lists and mappings by their kind alone."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH_MAX else f"{text[:_SHOWN_LENGTH_MAX]}..."
