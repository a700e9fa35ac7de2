"""Rules written as YAML in a test, facts with one line each."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.rules import compile_rules
from config.loading.loader import Loaded, load_yaml
from config.rules.rule_file import RuleFile

Load = Callable[[str], Loaded[RuleFile]]
Compile = Callable[[str], tuple[CompiledRule, ...]]
Start = Callable[[str], Engine]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the YAML text as a rule file."""

    def load_text(text: str) -> Loaded[RuleFile]:
        file = tmp_path / "rules.yaml"
        file.write_text(text, encoding="utf-8")
        return load_yaml(file, RuleFile)

    return load_text


@pytest.fixture
def compiled(load: Load) -> Compile:
    """Compile the YAML text, once for all examples of a property."""
    return cache(lambda text: compile_rules([load(text)]))


@pytest.fixture
def start(compiled: Compile) -> Start:
    """An engine with the rules of the YAML text."""
    return lambda text: Engine(compiled(text))
