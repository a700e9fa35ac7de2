"""Reads the status page and all communications, and holds them against rules, channels and each other."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.escalation.channel_settings import ChannelSettings
from config.loading.document import Document
from config.loading.folder import load_each, yaml_files
from config.loading.loader import Loaded, load
from config.loading.problems import Problem
from config.loading.suggest import listed
from config.public.communication import Communication
from config.public.status_page import StatusPage
from config.rules.rule_file import RuleFile

STATUS_PAGE_FILE = "status-page.yaml"
COMMUNICATIONS_DIRECTORY = "communications"
NAMES = (STATUS_PAGE_FILE, COMMUNICATIONS_DIRECTORY)
_FILES_MAX = 100
CARRIERS = frozenset({"email", "webhook"})
"""Kinds of channels that carry letters; what others say is for people on duty."""


@dataclass(frozen=True, slots=True)
class Public:
    """What the outside is told, and how. is_own: an operator wrote some of it."""

    page: StatusPage
    communications: tuple[Communication, ...]
    is_own: bool = False

    def communication(self, kind: str) -> Communication | None:
        """The one of this kind."""
        return next((one for one in self.communications if one.kind == kind), None)


def read_public(directory: Path | None, defaults: Path) -> tuple[Public | None, list[Problem]]:
    """Both from the directory, what is not there as packaged; None when something cannot be read."""
    page, problems = load(_place(directory, defaults, STATUS_PAGE_FILE), StatusPage)
    communications, found = _read_communications(_place(directory, defaults, COMMUNICATIONS_DIRECTORY))
    problems += found
    if page is None or problems:
        return None, problems
    problems += _unmatched(page, communications)
    own = directory is not None and any(os.path.lexists(directory / name) for name in NAMES)
    return Public(page.value, tuple(one.value for one in communications), own), problems


def unfit(public: Public, channels: ChannelSettings, rules: Iterable[Loaded[RuleFile]], file: str) -> list[Problem]:
    """Names that nothing has: rules, families, and channels that carry no letters.

    What is packaged may name rules that an operator has replaced by others; nothing shows at them then.
    """
    known = [rule for loaded in rules for rule in loaded.value.rules]
    ids, families = {rule.id for rule in known}, {rule.family for rule in known}
    problems = []
    shown = [(one.id, one.rules, one.families) for one in public.page.components]
    shown += [(one.kind, one.rules, one.families) for one in public.communications]
    for name, its_rules, its_families in shown if public.is_own else ():
        gone = [rule for rule in its_rules if rule not in ids]
        gone += [family for family in its_families if family not in families]
        if gone:
            fix = "take the name of a rule or a family from tillwatch rules explain, or remove it"
            problems.append(Problem(file, 0, 0, f"{name} names {listed(gone)}, which no rule file has", fix))
    for audience, wanted in public.page.audiences.items():
        for contact in wanted.contacts:
            channel = channels.via.get(contact.channel)
            if channel is None or channel.kind not in CARRIERS:
                what = f"the audience {audience} is reached by {contact.channel}, which carries no letters"
                fix = "name a channel of kind email or webhook that channels.via of tillwatch.yaml has"
                problems.append(Problem(file, 0, 0, what, fix))
    return problems


def _place(directory: Path | None, defaults: Path, name: str) -> Path:
    return directory / name if directory is not None and os.path.lexists(directory / name) else defaults / name


def _read_communications(root: Path) -> tuple[list[Loaded[Communication]], list[Problem]]:
    paths, problems = yaml_files(root, "communication", _FILES_MAX, "write one file for each kind of incident")
    loaded, found = load_each(paths, Communication)
    return loaded, [*problems, *found, *_twice(loaded)]


def _twice(loaded: Sequence[Loaded[Communication]]) -> list[Problem]:
    seen: dict[str, Document] = {}
    problems = []
    for one in loaded:
        first = seen.setdefault(one.value.kind, one.document)
        if first is not one.document:
            what = f"{one.value.kind} is described in {first.file} already"
            problems.append(one.document.problem(("kind",), what, "remove one of the two files"))
    return problems


def _unmatched(page: Loaded[StatusPage], communications: Sequence[Loaded[Communication]]) -> list[Problem]:
    """What a communication names and the page has not; an audience without contacts only keeps its letters waiting."""
    ids = {one.id for one in page.value.components}
    problems = []
    for one in communications:
        for index, name in enumerate(one.value.components):
            if name not in ids:
                known = listed(sorted(ids)) if ids else "none"
                fix = f"write one of {known}, or add it to {page.document.file}"
                problems.append(one.document.problem(("components", index), f"the page has no component {name}", fix))
    return problems
