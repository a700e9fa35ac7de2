"""YAML text into plain values with the place of each, within limits, and every structural error on the way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import yaml
from yaml.composer import Composer

from config.loading.document import Document, Path, Place, Scalar, place_at
from config.loading.problems import Problem
from config.loading.scalars import Value, meaning

try:
    from yaml import CBaseLoader as _CompiledLoader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import BaseLoader as _CompiledLoader  # type: ignore[assignment]  # of the same shape

Tree = dict[str, "Tree"] | list["Tree"] | Value

DEPTH_MAX = 16
"""The models are 5 deep; a deeper file is a mistake, and composing it would use up the stack."""
NODES_MAX = 20_000
"""About 1,000 rules; counted with every alias expanded, so that an alias bomb ends here."""

_READ_DIFFERENTLY = re.compile(r"[\t\ufeff?]|[|>]\S*#|:\s*[\]},]|(\A|[\n\r\x85\u2028\u2029])(---|\.\.\.)")
"""What libyaml lets pass, or places otherwise, than PyYAML does: tabs, explicit keys, marks glued to a comment, empty
values in brackets, the lines between documents."""
_PROPERTIES = re.compile(r"([&!]\S*\s+)*")  # An anchor or a tag in front of a value.
_TAG_BY_KIND = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}
_SYNTAX_FIXES = (
    ("\\t", "indent with spaces; YAML allows no tab there"),
    ("found undefined alias", "define it with & above its use, or put the text in quotes"),
    ("found duplicate anchor", "give each anchor a name of its own, or write the value out"),
    ("expected a single document", "remove the --- line; one file is one document"),
    ("cannot start any token", "put the text in quotes"),
    ("mapping values are not allowed", "put text that holds a colon in quotes, and indent the line as its neighbours"),
    ("could not find expected ':'", "write key: value, with a colon and a space; put text of several lines in quotes"),
    ("unexpected end of stream", "close the quote that is opened here"),
    ("expected the node content", "write a value here, and close every bracket above it"),
    ("did not find expected", "check the indentation and the brackets of this line and the one above"),
    ("expected <block end>", "indent the line as its neighbours, and close every quote and bracket above it"),
    ("expected ',' or", "close the bracket that is opened here, or put commas between the entries"),
)


class _Unreadable(Exception):
    """The text is no YAML, or goes beyond a stated limit; carries the place out of the parser."""

    def __init__(self, what: str, fix: str, place: Place) -> None:
        super().__init__(what)
        self.what, self.fix, self.place = what, fix, place


@dataclass(slots=True)
class Parsed:
    """A file's values, where they stand, and what is wrong with its structure; value is None when unreadable."""

    value: Tree
    document: Document
    problems: list[Problem] = field(default_factory=list)


class _Bounded(Composer):
    """Composes nodes, and stops at the limits before the interpreter does."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, counted."""
        self.depth += 1
        self.nodes += 1
        event = self.peek_event()  # type: ignore[attr-defined]  # both parsers have it
        _check_limits(self.depth, self.nodes, _place(event.start_mark))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Exact(_Bounded, yaml.BaseLoader):
    """Reads by PyYAML, in Python: its complaints have the words that lead to a fix."""


class _Quick(_Bounded, _CompiledLoader):
    """Reads by libyaml, within the same limits, which its own composer does not have."""

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        _CompiledLoader.__init__(self, text)


def parse(file: str, text: str) -> Parsed:
    """Read YAML; what is wrong is in ``problems``, and nothing is raised."""
    quick = None if _READ_DIFFERENTLY.search(text) else _walked(file, text, _compose_quickly)
    # Only PyYAML's own complaints have the words that lead to a fix.
    return _walked(file, text, _compose) if quick is None or quick.problems else quick


def _walked(file: str, text: str, compose: Callable[[str], yaml.Node | None]) -> Parsed:
    parsed = Parsed(None, Document(file, text, {}))
    try:
        root = compose(text)
        if root is not None:
            _Walk(parsed).walk(root)
    except _Unreadable as error:
        parsed.problems.append(parsed.document.problem_at(error.place, error.what, error.fix))
    return parsed


def _compose_quickly(text: str) -> yaml.Node | None:
    """The same in less than half the time; the words of its faults are not kept."""
    try:
        return _Quick(text).get_single_node()
    except (yaml.YAMLError, ValueError, OverflowError, IndexError) as error:
        raise _Unreadable("this is not YAML", "", Place(1, 1)) from error


def _compose(text: str) -> yaml.Node | None:
    """The root node, None for an empty document."""
    try:
        loader = _Exact(text)
        try:
            return loader.get_single_node()
        except (ValueError, OverflowError, IndexError) as error:
            what = "an escape or a directive here is out of range"
            raise _Unreadable(what, "write the character itself", _place(loader.get_mark())) from error
    except yaml.reader.ReaderError as error:
        what = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        fix = "remove it, or write it as an escape in double quotes"
        raise _Unreadable(what, fix, place_at(text, error.position)) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from error


def _syntax(error: yaml.MarkedYAMLError) -> _Unreadable:
    """The parser's complaint in one line, at the place it gives, with what usually mends it."""
    what = ", ".join(part for part in (error.context, error.problem) if part is not None)
    opened_here = any(words in what for words in ("unexpected end of stream", "while parsing a flow"))
    mark = error.context_mark if opened_here else error.problem_mark
    if mark is None:
        mark = error.problem_mark
    fix = next((fix for words, fix in _SYNTAX_FIXES if words in what), "check the line and the one above it")
    return _Unreadable(f"this is not YAML: {what}", fix, Place(1, 1) if mark is None else _place(mark))


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _check_limits(depth: int, nodes: int, place: Place) -> None:
    if depth > DEPTH_MAX:
        what = f"the values are nested more than {DEPTH_MAX} deep"
        raise _Unreadable(what, "take brackets or indentation away; no setting is nested that deep", place)
    if nodes > NODES_MAX:
        what = f"the file has more than {NODES_MAX} values, aliases expanded"
        raise _Unreadable(what, "write values out instead of aliases of aliases, or split the file", place)


class _Walk:
    """Turns nodes into values, and notes places and structural problems in what is parsed."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._document = parsed.document
        self._nodes = 0

    def walk(self, root: yaml.Node) -> None:
        """Fill the value and the places."""
        self._parsed.value = self._value(root, (), 1)

    def _value(self, node: yaml.Node, path: Path, depth: int) -> Tree:
        place = _place(node.start_mark)
        self._nodes += 1
        _check_limits(depth, self._nodes, place)
        self._document.places[path] = place
        self._refuse_tag(node, place)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        style = node.style if isinstance(node, yaml.ScalarNode) and node.style is not None else ""
        properties = _PROPERTIES.match(self._document.text, node.start_mark.index, node.end_mark.index)
        start = node.start_mark.index if properties is None else properties.end()
        self._document.scalars[path] = Scalar(start, node.end_mark.index, style, node.value)
        return str(node.value) if style else meaning(node.value)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Tree]:
        values: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            place = _place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(place, "a key is a list or a mapping", "write the key as a word")
                continue
            key = key_node.value
            if key in values:
                first = self._document.keys[(*path, key)]
                fix = "remove one of the two, or merge their values"
                self._note(place, f"{key!r:.80} stands here a second time, first in line {first.line}", fix, len(key))
                continue
            self._document.keys[(*path, key)] = place
            values[key] = self._value(value_node, (*path, key), depth + 1)
        return values

    def _refuse_tag(self, node: yaml.Node, place: Place) -> None:
        if node.tag not in {_TAG_BY_KIND[type(node)], "!"}:
            self._note(place, f"the tag {node.tag!r:.80} is not allowed", "remove the tag; write the plain value")

    def _note(self, place: Place, what: str, fix: str, length: int = 1) -> None:
        self._parsed.problems.append(self._document.problem_at(place, what, fix, length))
