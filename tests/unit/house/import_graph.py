"""What imports what, read from the code: the members of each folder in layers, circles joined, and drawn."""

import ast
from collections.abc import Container, Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from textwrap import wrap

from tests.unit.house.import_statements import import_statements

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("daemon", "remediation", "payment_core", "checks", "config")
PAGE = ROOT / "ARCHITECTURE.md"
HEADING = "## The drawing\n"
FENCE = "```\n"
WIDTH = 120
INIT = "__init__"
OPENER = "opened"
"""A module that puts the folder in which it stands together: it belongs to whoever puts everything together."""

Graph = Mapping[str, set[str]]
"""Names, each with those that it imports."""


@cache
def module_graph() -> Graph:
    """Every module of the product as its path without suffix, with the modules of ours that it imports."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    names = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in paths}
    return {name: set(imported(path.read_text("utf-8"), names)) - {name} for name, path in names.items()}


def imported(source: str, modules: Container[str]) -> Iterator[str]:
    """The modules, of those that there are, that a source imports, anywhere in it."""
    for node in import_statements(source):
        if isinstance(node, ast.Import):
            wanted = [[alias.name] for alias in node.names]
        else:
            # What is imported is a module of its own, or else stands in the one that it is imported from.
            wanted = [[f"{node.module}.{alias.name}", f"{node.module}"] for alias in node.names]
        for names in wanted:
            paths = [name.replace(".", "/") + end for name in names for end in ("", f"/{INIT}")]
            yield from [path for path in paths if path in modules][:1]


def without_openers(graph: Graph) -> Graph:
    """The same without the modules that only put others together."""
    return {module: others for module, others in graph.items() if module.rpartition("/")[2] != OPENER}


def members(folder: str, graph: Graph) -> Graph:
    """The modules and sub-folders of a folder, the latter with a slash, each with its neighbours that it imports."""
    found: dict[str, set[str]] = {}
    for module, others in graph.items():
        if module.startswith(f"{folder}/"):
            member = _member(folder, module)
            inside = {_member(folder, other) for other in others if other in graph and other.startswith(f"{folder}/")}
            found.setdefault(member, set()).update(inside - {member})
    return found


def folders(graph: Graph) -> list[str]:
    """Every folder that holds modules."""
    return sorted({module.rpartition("/")[0] for module in graph})


def circles(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Each name with all that it imports and that import it, round about, itself included; sorted."""
    reached = {name: _reached(name, graph) for name in graph}
    return {
        name: tuple(sorted({name} | {one for one in ahead if name in reached[one]})) for name, ahead in reached.items()
    }


def layers(graph: Graph) -> list[list[tuple[str, ...]]]:
    """Circles in layers, the uppermost first: each imports only from layers below, and stands as low as it can."""
    circle = circles(graph)
    joined: dict[tuple[str, ...], set[tuple[str, ...]]] = {one: set() for one in circle.values()}
    for name, others in graph.items():
        joined[circle[name]] |= {circle[other] for other in others} - {circle[name]}
    sorter, found = TopologicalSorter(joined), []
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found.append(ready)
        sorter.done(*ready)
    return found[::-1]


def drawn(graph: Graph) -> str:
    """The packages, each with the packages that it imports and its members in layers; ``=`` joins a circle."""
    lines = []
    for package in PACKAGES:
        others = {other.partition("/")[0] for name in graph if name.startswith(f"{package}/") for other in graph[name]}
        below = ", ".join(one for one in PACKAGES if one in others - {package})
        lines.append(f"{package}/ ─> {below}" if below else f"{package}/")
        named = {name: used - {INIT} for name, used in members(package, graph).items() if name != INIT}
        for layer in layers(named):
            text = "  ".join(" = ".join(circle) for circle in layer)
            lines += wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def shown(page: str) -> str:
    """The drawing that a page holds under its heading."""
    return page.partition(HEADING)[2].partition(FENCE)[2].partition(FENCE)[0]


def main() -> None:
    """Put the drawing into the page."""
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page.replace(shown(page), drawn(without_openers(module_graph())), 1), encoding="utf-8")


def _member(folder: str, module: str) -> str:
    name, slash, _ = module.removeprefix(f"{folder}/").partition("/")
    return name + slash


def _reached(start: str, graph: Graph) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        fresh = graph[ahead.pop()] - found
        found |= fresh
        ahead += fresh
    return found


if __name__ == "__main__":
    main()
