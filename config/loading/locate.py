"""From the place that pydantic names to the path an operator wrote, and the model that rules there."""

import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo
from typing_extensions import TypeIs

from config.loading.document import Path

KEY = "[key]"
"""What pydantic puts behind a key of a mapping that is to blame itself."""


@dataclass(frozen=True, slots=True)
class Located:
    """path: as written in the file. owner: the model that the last key belongs to. field: that key, when known.

    annotation: the type at the end of the path. is_key: of the key that stands there, and not of its value.
    """

    path: Path
    owner: type[BaseModel] | None
    field: FieldInfo | None
    annotation: Any  # A type expression; the typing module has no type for them.
    is_key: bool = False


def locate(model: type[BaseModel], loc: Path) -> Located:
    """Walk the model along pydantic's ``loc``, leaving out the union tags that it puts between keys."""
    if loc[-1:] == (KEY,):
        outer = locate(model, loc[:-2])
        if get_origin(bare(outer.annotation)) is dict:
            key = get_args(bare(outer.annotation))[0]
            return Located((*outer.path, loc[-2]), None, _field_of(key), key, is_key=True)
    located = Located((), None, None, model)
    for part in loc:
        located = _step(located, part)
    return located


def _step(located: Located, part: str | int) -> Located:
    """One part of the location further; below an unknown key everything is unknown."""
    annotation = bare(located.annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        return Located(located.path, located.owner, located.field, _tagged(annotation, part))
    path = (*located.path, part)
    if is_model(annotation):
        field = fields_as_written(annotation).get(str(part))
        return Located(path, annotation, field, None if field is None else field.annotation)
    arguments = get_args(annotation)
    inner = arguments[-1] if get_origin(annotation) is dict else (arguments[0] if arguments else None)
    return Located(path, None, _field_of(inner), inner)


def bare(annotation: Any) -> Any:  # noqa: ANN401 - a type expression in, a type expression out.
    """The type without Annotated and without an optional None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return bare(members[0])
    return annotation


def is_model(annotation: Any) -> TypeIs[type[BaseModel]]:  # noqa: ANN401 - a type expression.
    """Whether the type is one of the configuration models."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def fields_as_written(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The model's fields by the key that stands in a file: ``for`` is no name that Python allows."""
    return {name if field.alias is None else field.alias: field for name, field in model.model_fields.items()}


def union_tags(annotation: Any) -> list[str]:  # noqa: ANN401 - a type expression.
    """The tags of a tagged union, in order."""
    return [tag for member in get_args(bare(annotation)) for tag in _tags(member)]


def _tagged(union: Any, tag: str | int) -> Any:  # noqa: ANN401 - a type expression in, a type expression out.
    return next((member for member in get_args(union) if tag in _tags(member)), None)


def _tags(member: Any) -> list[str]:  # noqa: ANN401 - a type expression.
    """What may stand for the member: its Tag, or the values of its Literal fields."""
    if get_origin(member) is Annotated:
        return [item.tag for item in get_args(member)[1:] if isinstance(item, Tag)]
    if not is_model(member):
        return []
    literals = [field.annotation for field in member.model_fields.values() if get_origin(field.annotation) is Literal]
    return [str(value) for literal in literals[:1] for value in get_args(literal)]


def _field_of(annotation: Any) -> FieldInfo | None:  # noqa: ANN401 - a type expression.
    """The description that an entry of a list carries in its Annotated."""
    if get_origin(annotation) is not Annotated:
        return None
    return next((item for item in get_args(annotation)[1:] if isinstance(item, FieldInfo)), None)
