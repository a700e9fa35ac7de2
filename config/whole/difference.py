"""What is different between two configurations, value by value, and what of it takes effect without a restart."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from pydantic import BaseModel

from config.load import Configuration
from config.loading.loader import Loaded
from config.rules.rule_file import Rule

ABSENT = "(absent)"
_RELOADED = frozenset(
    {"rule_files", "policy", "deployment", "escalation", "flags", "flag_document", "scaling", "procedures", "public"}
)
"""Parts of a configuration that a running daemon can take over."""
_TRAFFIC = "policy.traffic"
"""But not how traffic is shifted: actions were made with it, and one may be under way."""
_EVIDENCE = ("deployment.gates", "deployment.evidence")
"""Nor what a release is held against: a stage that is being watched has counted by it."""

_TOKENS = "settings.tokens"
"""But of the settings only who may do what: a token that leaked is not good until a restart suits."""
_OPENED_PAGE = ("public.page.enabled", "public.page.directory", "public.page.bucket", "public.page.publish_within")
"""Nor where the status page is written, and how often it is looked at: that was opened at the start."""
_OPENED_SCALING = re.compile(
    r"scaling\.(every|components(\.[^.]+(\.(region|kind|application_auto_scaling|queue_age|cluster|service|function|"
    r"concurrency|alias|table|direction|mode|target_group|pool))?)?)"
)
"""Nor what is looked after, where it is and by what: its adapters were opened by that."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value. path: where it stands, with dots. before, after: as text; secrets are stars, ABSENT is no value."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Difference:
    """added, removed, changed: rules by id. policy: what a reload changes of it. restart: what only a restart changes.

    deployment: what a reload changes for the deployments that are planned from then on. flags: of the document of
    flags and of what may be done with them. escalation: of who is told of incidents from then on. scaling: of how
    much capacity there is to be, from the next look on. procedures: of those that people begin from then on. public: of
    what the outside is told from then on. tokens: of who may do what from then on.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[Change, ...]]
    policy: tuple[Change, ...]
    restart: tuple[Change, ...]
    deployment: tuple[Change, ...] = ()
    flags: tuple[Change, ...] = ()
    escalation: tuple[Change, ...] = ()
    scaling: tuple[Change, ...] = ()
    procedures: tuple[Change, ...] = ()
    public: tuple[Change, ...] = ()
    tokens: tuple[Change, ...] = ()

    @property
    def reloads(self) -> bool:
        """Whether there is anything that a reload changes."""
        rules = self.added or self.removed or self.changed
        others = self.deployment or self.flags or self.escalation or self.scaling or self.procedures or self.public
        return bool(rules or self.policy or others or self.tokens)


def difference(before: Configuration, after: Configuration) -> Difference:
    """What the second says otherwise than the first."""
    old, new = rules_by_id(before), rules_by_id(after)
    changes = {name: tuple(_changes("", _dump(old[name]), _dump(new[name]))) for name in old if name in new}
    rest = [change for name in _restarted() for change in _part(name, before, after)]
    policy = list(_part("policy", before, after))
    deployment = list(_part("deployment", before, after))
    scaling = tuple(_part("scaling", before, after))
    public = tuple(_changes("public", _public(before), _public(after)))
    # All of the file or nothing of it: half of it was never checked to fit together.
    is_opened_anew = any(_is_opened_anew(change) for change in scaling)
    return Difference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed={name: found for name, found in changes.items() if found},
        policy=tuple(change for change in policy if not change.path.startswith(_TRAFFIC)),
        restart=(
            *(change for change in rest if not change.path.startswith(_TOKENS)),
            *(change for change in policy if change.path.startswith(_TRAFFIC)),
            *(change for change in deployment if change.path.startswith(_EVIDENCE)),
            *(scaling if is_opened_anew else ()),
            *(change for change in public if change.path.startswith(_OPENED_PAGE)),
        ),
        deployment=tuple(change for change in deployment if not change.path.startswith(_EVIDENCE)),
        flags=(*_part("flags", before, after), *_document(before, after)),
        escalation=tuple(_part("escalation", before, after)),
        scaling=() if is_opened_anew else scaling,
        procedures=tuple(_changes("sops", _procedures(before), _procedures(after))),
        public=tuple(change for change in public if not change.path.startswith(_OPENED_PAGE)),
        tokens=tuple(change for change in rest if change.path.startswith(_TOKENS)),
    )


def rules_by_id(configuration: Configuration) -> dict[str, Rule]:
    """Every rule, in the order of the files."""
    return {rule.id: rule for loaded in configuration.rule_files for rule in loaded.value.rules}


def _procedures(configuration: Configuration) -> dict[str, object]:
    return {one.value.name: one.value.model_dump(by_alias=True) for one in configuration.procedures}


def _public(configuration: Configuration) -> dict[str, object]:
    told = configuration.public
    return {"page": told.page.model_dump(), **{one.kind: one.model_dump() for one in told.communications}}


def _is_opened_anew(change: Change) -> bool:
    """Whether the change of scaling.yaml asks for other adapters; where it is off there are none."""
    if change.path == "scaling.mode":
        return "off" in (change.before, change.after)
    return _OPENED_SCALING.fullmatch(change.path) is not None


def _restarted() -> list[str]:
    return [one.name for one in fields(Configuration) if one.name not in _RELOADED]


def _part(name: str, before: Configuration, after: Configuration) -> Iterator[Change]:
    return _changes(name, _dump(getattr(before, name)), _dump(getattr(after, name)))


def _document(before: Configuration, after: Configuration) -> Iterator[Change]:
    return _changes("flags.json", json.loads(before.flag_document), json.loads(after.flag_document))


def _dump(part: BaseModel | Loaded[BaseModel] | object) -> object:
    model = part.value if isinstance(part, Loaded) else part
    # Secrets stay objects here: they compare by what they hold and print as stars.
    return model.model_dump(by_alias=True) if isinstance(model, BaseModel) else model


def _changes(path: str, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*before, *(name for name in after if name not in before)]
        for name in names:
            yield from _changes(_joined(path, str(name)), before.get(name, ABSENT), after.get(name, ABSENT))
    elif isinstance(before, tuple | list) and isinstance(after, tuple | list) and _are_nested(before, after):
        for index in range(max(len(before), len(after))):
            here = before[index] if index < len(before) else ABSENT
            there = after[index] if index < len(after) else ABSENT
            yield from _changes(_joined(path, str(index)), here, there)
    else:
        yield Change(path, _shown(before), _shown(after))


def _are_nested(*lists: tuple[object, ...] | list[object]) -> bool:
    """A list of plain values is shown as one value: what moved in it is seen at a glance."""
    return any(isinstance(item, Mapping) for items in lists for item in items)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_shown(inner)}" for name, inner in value.items()) + "}"
    return repr(value) if value == "" else str(value)
