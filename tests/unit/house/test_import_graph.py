"""The drawing in ARCHITECTURE.md is what the imports say; folders go round in a circle only where it is said why."""

from tests.unit.house.import_graph import (
    PAGE,
    Graph,
    circles,
    drawn,
    folders,
    imported,
    layers,
    members,
    module_graph,
    shown,
    without_openers,
)

ROUND: tuple[tuple[str, str, str], ...] = (
    ("daemon/embedded", "environments/ layout", "the layout tells the daemon of the environments that stand in it"),
    (
        "payment_core",
        "ach/ costs/ escrow/ methods/ payments/ payouts/ providers/",
        "domains are topics, each with a model at its base, which others read, and a desk at its top",
    ),
    (
        "payment_core",
        "ledger/ operations/ store/",
        "stores post by the ledger's pure rules; it verifies and expires over one",
    ),
    ("payment_core/ach", "building/ reading/ validation/", "what is built is read back, by the same totals and checks"),
    ("payment_core/vault", "keys/ ports records", "records name their data key, and keys are kept with their records"),
    (
        "remediation",
        (
            "aiming/ compensation/ decide deployment/ escalation/ flags/ folds guardrails/ incidents/ "
            "journal/ procedures/ public/ rollback/ scaling/ state undo"
        ),
        "topics have a model below the journal, a fold over it, and what acts on top",
    ),
)
"""Folder, members of it that may import each other round about, and why; never module by module."""


def rings(graph: Graph) -> set[tuple[str, ...]]:
    """The circles of more than one."""
    return {circle for circle in circles(graph).values() if len(circle) > 1}


def test_the_drawing_is_what_the_imports_say() -> None:
    drawing = drawn(without_openers(module_graph()))
    fix = "imports have changed; python -m tests.unit.house.import_graph draws them into ARCHITECTURE.md"
    assert shown(PAGE.read_text("utf-8")) == drawing, f"{fix}:\n{drawing}"


def test_no_module_imports_itself_round_about() -> None:
    assert rings(module_graph()) == set()


def test_folders_go_round_in_a_circle_only_where_it_is_said_why() -> None:
    graph = without_openers(module_graph())
    found = [(folder, ring) for folder in folders(graph) for ring in sorted(rings(members(folder, graph)))]
    news = [
        f"{folder}: {' = '.join(ring)}"
        for folder, ring in found
        if not any(folder == where and set(ring) <= set(names.split()) for where, names, _why in ROUND)
    ]
    assert not news, "move what both need below both:\n" + "\n".join(news)


def test_every_folder_of_the_product_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    below = [folder for folder in folders(module_graph()) if "/" in folder]
    assert [folder for folder in below if f"`{folder}/`" not in page] == []


SMALL: Graph = {
    "p/top": {"p/a/desk", "p/b/desk"},
    "p/a/desk": {"p/a/model", "p/b/model"},
    "p/a/model": set(),
    "p/b/desk": {"p/b/model", "p/a/model"},
    "p/b/model": {"p/base"},
    "p/base": set(),
}


def test_folders_that_import_each_other_are_found_although_no_module_does() -> None:
    assert rings(SMALL) == set()
    assert rings(members("p", SMALL)) == {("a/", "b/")}
    assert rings({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == {("a", "b", "c")}


def test_layers_stand_on_what_they_import() -> None:
    assert layers(members("p", SMALL)) == [[("top",)], [("a/", "b/")], [("base",)]]


def test_a_module_is_found_however_it_is_imported() -> None:
    modules = {"p/a", "p/b/__init__", "p/b/c"}
    source = "import p.a\nfrom p import b\nfrom p.b import c\ndef f():\n    from p.b.c import name\nimport os"
    assert list(imported(source, modules)) == ["p/a", "p/b/__init__", "p/b/c", "p/b/c"]
    assert list(imported("from p.b import something", modules)) == ["p/b/__init__"]
