"""Flag documents and contexts as hypothesis makes them: every operator within every other, over values of any type."""

import string
from typing import Any

from hypothesis import strategies as st

Json = Any

NAMES = ("country", "history", "tags", "merchant", "amount_cents", "release", "a.b", "", "0", "length", "targetingKey")
PATHS = (
    *NAMES,
    "merchant.name",
    "tags.0",
    "tags.length",
    "merchant.tags.1.x",
    "$flagd",
    "$flagd.flagKey",
    "$flagd.timestamp",
    "$flagd.flagKey.length",
    "accumulator",
    "current",
    "missing.path",
    " 1",
    "-1",
    "1_0",
)
WORDS = (
    "",
    "DE",
    "fr",
    "1",
    "1.0",
    "01",
    "-3",
    "0x10",
    "1e3",
    "inf",
    "Infinity",
    "nan",
    "null",
    "true",
    "on",
    "off",
    "Zoë",
    "日本",
)
VERSIONS = ("1.2.3", "v1.2", "1.2.3-rc.1", "1.2.3-rc.1+b7", "2", "1.2.3.4", "x", "")
ANY_OPERATORS = ("==", "!=", "===", "!==", "<", "<=", ">", ">=", "!", "!!", "+", "-", "*", "/", "%", "min", "max", "in")
MORE_OPERATORS = ("cat", "substr", "merge", "missing", "missing_some", "log", "var", "starts_with", "ends_with")
LAZY_OPERATORS = ("if", "?:", "and", "or", "filter", "map", "all", "some", "none", "reduce")
VARIANTS = ("on", "off", "true", "false", "1", "2.5", "None", "null", "Zoë")

scalars: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.sampled_from((2**31, 2**63, -(2**63) - 1, 2**64, 10**25, 10**400)),
    st.sampled_from((0.0, -0.0, 0.5, -1.5, 2.0, 1e16, 1e300, 1.5e-7)),
    st.sampled_from(WORDS),
    st.sampled_from(VERSIONS),
    st.text(max_size=4),
)
values: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("name", "tags", "x", "")), inner, max_size=3)
    ),
    max_leaves=5,
)
contexts: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "targetingKey": st.sampled_from(("", "customer-1", "Zoë", "x" * 300)) | st.text(max_size=30),
        "country": st.sampled_from(("DE", "fr", "US")) | scalars,
        "history": st.integers(-2, 5) | scalars,
        "tags": st.lists(scalars, max_size=4) | values,
        "merchant": st.fixed_dictionaries({"name": scalars, "tags": st.lists(values, max_size=3)}) | values,
        "amount_cents": st.integers(0, 10**6) | scalars,
        "release": st.sampled_from(VERSIONS),
        "a.b": scalars,
        "0": scalars,
        "length": scalars,
        "$flagd": st.just({"flagKey": "not mine"}),
    },
)


def _paths() -> st.SearchStrategy[Json]:
    path = st.sampled_from(PATHS) | st.integers(-1, 2) | st.sampled_from((None, True, 0.0, 1.5))
    return st.one_of(
        path.map(lambda name: {"var": name}),
        path.map(lambda name: {"var": [name]}),
        st.tuples(path, scalars).map(lambda pair: {"var": list(pair)}),
    )


def _shares(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    weight = st.integers(-1, 60) | st.sampled_from((True, 2.0, "5", None, 2**31 - 1, 2**31)) | inner
    variant = st.sampled_from(VARIANTS) | inner
    pair = st.one_of(
        st.tuples(variant, st.integers(0, 60)).map(list),
        st.tuples(variant, weight).map(list),
        st.tuples(variant).map(list),
        st.lists(variant, max_size=3),
    )
    key = st.one_of(
        st.just({"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}),
        st.just({"var": "targetingKey"}),
        inner,
    )
    with_key = st.tuples(key, st.lists(pair, max_size=4)).map(lambda parts: [parts[0], *parts[1]])
    return st.one_of(with_key, st.lists(pair, max_size=4), st.lists(inner, max_size=3)).map(lambda a: {"fractional": a})


def _operations(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    arguments = st.lists(inner, max_size=3) | inner
    one_of = st.sampled_from((*ANY_OPERATORS, *MORE_OPERATORS))
    comparison = st.sampled_from(("=", "!=", "<", "<=", ">", ">=", "^", "~", "?")) | inner
    version = st.sampled_from(VERSIONS) | st.just({"var": "release"}) | inner
    return st.one_of(
        st.tuples(one_of, st.tuples(inner, inner).map(list)).map(lambda pair: {pair[0]: pair[1]}),
        st.tuples(one_of, arguments).map(lambda pair: {pair[0]: pair[1]}),
        st.tuples(st.sampled_from(ANY_OPERATORS), _paths(), scalars).map(
            lambda three: {three[0]: [three[1], three[2]]}
        ),
        st.tuples(st.sampled_from(LAZY_OPERATORS), st.lists(inner, max_size=5) | inner).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        st.tuples(version, comparison, version).map(lambda three: {"sem_ver": list(three)}),
        _shares(inner),
        st.tuples(st.sampled_from(("+", "cat", "in", "merge", "if", "substr", "unknown", "$ref")), arguments).map(
            lambda pair: {pair[0]: pair[1]}
        ),
    )


leaves: st.SearchStrategy[Json] = st.one_of(_paths(), scalars, st.just({}), st.just({"a": 1, "b": [2]}), _paths())
logic: st.SearchStrategy[Json] = st.recursive(
    leaves, lambda inner: _operations(inner) | st.lists(inner, max_size=3), max_leaves=12
)
plain_logic: st.SearchStrategy[Json] = logic.filter(lambda rule: "\\" not in ascii(rule))


@st.composite
def targetings(draw: st.DrawFn) -> Json:
    """A rule that often gives a variant, or one that gives anything."""
    result = st.sampled_from(VARIANTS) | logic
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(_operations(logic))
    if kind == 1:
        return draw(_shares(logic))
    parts = []
    for _ in range(draw(st.integers(1, 7))):
        parts += [draw(logic), draw(result)]
    return {"if": [*parts, draw(result)] if draw(st.booleans()) else parts}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Json]:
    """A document of a few flags, some with rules that others define."""
    shared = draw(st.sampled_from((0, 0, 2)))
    evaluators = {f"shared-{index}": draw(plain_logic) for index in range(shared)}
    if shared:
        evaluators["shared-0"] = {"or": [evaluators["shared-0"], {"$ref": "shared-1"}]}
    flags = {}
    for key in draw(st.lists(st.sampled_from(("one", "two", "drei-ß")), min_size=1, max_size=2, unique=True)):
        targeting: Json = draw(targetings() | st.none() | st.just({}))
        if targeting and shared:
            targeting = {"if": [{"$ref": draw(st.sampled_from(("shared-0", "shared-1")))}, "on", targeting]}
        flags[key] = _flag(draw, targeting)
    document: dict[str, Json] = {"flags": flags}
    if shared:
        document["$evaluators"] = evaluators
    if draw(st.booleans()):
        document["metadata"] = {"owner": "set", "version": 3}
    return document


def _flag(draw: st.DrawFn, targeting: Json) -> dict[str, Json]:
    value = draw(
        st.sampled_from(
            (
                st.booleans(),
                st.integers(-5, 5),
                st.floats(allow_nan=False, allow_infinity=False),
                st.text(string.ascii_letters, max_size=3),
                st.dictionaries(st.just("k"), st.integers(), max_size=1),
                st.lists(st.integers(), max_size=2),
                scalars,
            )
        )
    )
    flag: dict[str, Json] = {
        "state": draw(st.sampled_from(("ENABLED", "ENABLED", "ENABLED", "DISABLED"))),
        "variants": {name: draw(value) for name in draw(st.sets(st.sampled_from((*VARIANTS, "")), min_size=1))},
    }
    default = draw(st.sampled_from((*VARIANTS, "", None, True, False, "absent")))
    if default != "absent" or draw(st.booleans()):
        flag["defaultVariant"] = default
    if targeting is not None or draw(st.booleans()):
        flag["targeting"] = targeting
    if draw(st.booleans()):
        flag["metadata"] = {"owner": "flag", "critical": True}
    return flag
