"""Whatever a file holds, the loader answers with a model or with problems; what was valid comes back unchanged."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.load import load_configuration
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.rules.rule_file import RuleFile
from config.scenario import Scenario
from config.whole.schema import MODELS, Kind

FILES = Path(__file__).parents[3] / "data" / "config"
GOOD_TEXTS = [path.read_text(encoding="utf-8") for path in sorted(FILES.glob("*.good.yaml"))]
KINDS: st.SearchStrategy[Kind] = st.sampled_from(list(MODELS))
WORDS_OF_YAML = ("rules:", "id: ", "steps:", "aws:", "guard:", "a", "60s", "1", "\n", "  ", "- ", ": ", ",", "#", "? ")
MARKS_OF_YAML = ("&x ", "*x", "[", "]", "{", "}", '"', "'", "|", ">", "---", "!", "!!int ", "%TAG ", "<<: ")
TRAPS = ("\\U", "\\ud800", "\t", "\r", "\u2028")
YAML_PIECES = st.sampled_from(WORDS_OF_YAML + MARKS_OF_YAML + TRAPS)
JUNK = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(YAML_PIECES, max_size=40).map("".join).map(str.encode),
)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with TemporaryDirectory() as directory:
        yield Path(directory) / "file.yaml"


def load_or_problems(path: Path, kind: Kind) -> ConfigurationError | None:
    """None when the file is valid."""
    try:
        load_yaml(path, MODELS[kind])
    except ConfigurationError as error:
        return error
    return None


@settings(deadline=None)
@given(content=JUNK, kind=KINDS)
def test_junk_never_raises_anything_but_a_configuration_error(scratch: Path, content: bytes, kind: Kind) -> None:
    scratch.write_bytes(content)
    error = load_or_problems(scratch, kind)
    if error is not None:
        assert error.problems
        str(error).encode()
        for problem in error.problems:
            assert problem.fix


@settings(deadline=None)
@given(data=st.data(), kind=KINDS)
def test_a_damaged_good_file_never_raises_anything_but_a_configuration_error(
    scratch: Path, data: st.DataObject, kind: Kind
) -> None:
    text = data.draw(st.sampled_from(GOOD_TEXTS))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    piece = data.draw(st.one_of(YAML_PIECES, st.text(max_size=5)))
    scratch.write_bytes((text[:start] + piece + text[end:]).encode("utf-8", "surrogatepass"))
    load_or_problems(scratch, kind)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN_KEYS = st.sampled_from([name for model in MODELS.values() for name in model.model_fields])


@settings(deadline=None)
@given(content=st.dictionaries(KNOWN_KEYS, JSON_LIKE, max_size=4), kind=KINDS)
def test_any_values_under_known_keys_are_judged(scratch: Path, content: dict[str, object], kind: Kind) -> None:
    scratch.write_text(yaml.safe_dump(content), encoding="utf-8")
    load_or_problems(scratch, kind)


@settings(max_examples=30, deadline=None)  # every packaged file is read for each of them
@given(
    value=st.text(max_size=30), name=st.sampled_from(["AWS", "AWS__ENDPOINT_URL", "HTTP__PORT", "TOKENS", "CORES", "X"])
)
def test_any_text_in_a_variable_gives_a_configuration_or_problems(value: str, name: str) -> None:
    error: ConfigurationError | None = None
    try:
        load_configuration(None, {f"TILL_{name}": value})
    except ConfigurationError as raised:
        error = raised
    assert error is None or error.problems


IDENTIFIERS = st.from_regex(r"[a-z][a-z0-9-]{1,20}", fullmatch=True)
DURATIONS = st.integers(1, 1000).flatmap(
    lambda n: st.sampled_from([f"{n}{unit}" for unit in ("ms", "s", "m", "h", "d")])
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)
MEASURES = st.one_of(
    st.fixed_dictionaries({"count": WORDS, "window": DURATIONS}, optional={"min_samples": st.integers(0, 99)}),
    st.fixed_dictionaries({"ratio": WORDS, "window": DURATIONS}, optional={"min_samples": st.integers(1, 99)}),
    st.fixed_dictionaries({"quantile": WORDS, "window": DURATIONS, "q": st.floats(0.01, 0.99)}),
    st.fixed_dictionaries({"value": WORDS, "stale_after": DURATIONS}),
    st.fixed_dictionaries({"absent": DURATIONS}),
)
RULES = st.fixed_dictionaries(
    {
        "id": IDENTIFIERS,
        "family": st.sampled_from(["sla", "fraud", "savings", "health", "security"]),
        "on": WORDS,
        "measure": MEASURES,
        "severity": st.sampled_from(["critical", "high", "medium", "low"]),
        "runbook": WORDS,
    },
    optional={"where": WORDS, "per": st.lists(WORDS, max_size=4), "breach": WORDS, "mode": st.just("shadow")},
)


class QuotingDumper(yaml.SafeDumper):
    """Quotes every text: PyYAML writes YAML 1.1, where fewer words look like numbers."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """The text in double quotes."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"')


QuotingDumper.add_representer(str, QuotingDumper.represent_str)


@settings(deadline=None)
@given(rules=st.lists(RULES, max_size=3))
def test_a_valid_rule_file_round_trips_through_yaml(scratch: Path, rules: list[dict[str, object]]) -> None:
    content = {"rules": rules}
    scratch.write_text(yaml.dump(content, Dumper=QuotingDumper, allow_unicode=True), encoding="utf-8")
    assert load_yaml(scratch, RuleFile).value == RuleFile.model_validate(content)


@settings(deadline=None)
@given(at=st.lists(st.integers(1, 600), max_size=5), percent=st.integers(0, 100), rate=st.floats(0.1, 500))
def test_a_valid_scenario_round_trips_through_yaml(scratch: Path, at: list[int], percent: int, rate: float) -> None:
    content = {
        "name": "any",
        "summary": "Any.",
        "blue": {"version": "1.0.0"},
        "green": {"version": "2.0.0", "fault": {"fail_percent": percent}},
        "traffic": {"payments_per_second": rate},
        "steps": [{"at": f"{second}s", "step": "deploy", "green_percent": percent} for second in sorted(at)],
    }
    scratch.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load_yaml(scratch, Scenario).value == Scenario.model_validate(content)
