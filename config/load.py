"""The whole configuration from a directory and the environment, or every problem of every file at once."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from config.ach import Ach
from config.calendar_files import CALENDARS_DIRECTORY, filled
from config.delivery.deployment import Deployments
from config.escalation.escalation_file import Escalation
from config.escalation.reached import unreached
from config.flags import Flags
from config.fraud import Fraud
from config.loading.document import Document
from config.loading.endpoints import check_endpoint_environment
from config.loading.explain import explain
from config.loading.flag_document import read_flag_document
from config.loading.folder import entries, load_each, yaml_files
from config.loading.loader import Loaded, M, build, in_order, load, load_yaml, problem_of, read
from config.loading.problems import ConfigurationError, Problem
from config.loading.suggest import closest, listed
from config.loading.tree import Parsed
from config.policy import Policy
from config.prices import Prices
from config.procedures.directory import PROCEDURES_DIRECTORY, procedure_problems, read_procedures
from config.procedures.procedure import Procedure
from config.public.reading import COMMUNICATIONS_DIRECTORY, STATUS_PAGE_FILE, Public, read_public, unfit
from config.public.status_page import StatusPage
from config.rules.flags_named import unknown_flags
from config.rules.rule_file import RuleFile
from config.scaling import Scaling
from config.scenario import Scenario
from config.settings import Settings
from config.variables import Overrides, overlay

T = TypeVar("T")

DEFAULTS = Path(__file__).parent / "defaults"
SETTINGS_FILE = "tillwatch.yaml"
POLICY_FILE = "policy.yaml"
PRICES_FILE = "prices.yaml"
FRAUD_FILE = "fraud.yaml"
ACH_FILE = "ach.yaml"
DEPLOYMENT_FILE = "deployment.yaml"
SCALING_FILE = "scaling.yaml"
ESCALATION_FILE = "escalation.yaml"
FLAGS_FILE = "flags.yaml"
FLAG_DOCUMENT = "flags.json"
RULES_DIRECTORY = "rules"
DIRECTORIES = (RULES_DIRECTORY, CALENDARS_DIRECTORY, PROCEDURES_DIRECTORY, COMMUNICATIONS_DIRECTORY)
"""Folders of the directory in which files of a configuration lie."""
_NAMES = (
    SETTINGS_FILE,
    POLICY_FILE,
    PRICES_FILE,
    FRAUD_FILE,
    ACH_FILE,
    DEPLOYMENT_FILE,
    SCALING_FILE,
    ESCALATION_FILE,
    FLAGS_FILE,
    FLAG_DOCUMENT,
    STATUS_PAGE_FILE,
    *DIRECTORIES,
)
_RULE_FILES_MAX = 200
"""A rule file is one family; more files than this is the wrong directory."""


UNTOLD = Public(StatusPage(enabled=False), ())
"""Nothing is told to the outside."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that one process is told at start. flag_document: JSON, compact and with sorted keys."""

    settings: Settings
    policy: Policy
    rule_files: tuple[Loaded[RuleFile], ...]
    prices: Prices
    fraud: Loaded[Fraud]
    ach: Ach
    deployment: Deployments
    scaling: Scaling
    escalation: Escalation
    flags: Flags
    flag_document: str
    procedures: tuple[Loaded[Procedure], ...] = ()
    public: Public = UNTOLD

    @property
    def digest(self) -> str:
        """SHA-256 over what takes effect, defaults and environment included; the same for files that mean the same."""
        models: tuple[BaseModel, ...] = (
            self.settings,
            self.policy,
            self.prices,
            self.fraud.value,
            self.ach,
            self.deployment,
            self.scaling,
            self.escalation,
            self.flags,
            *(loaded.value for loaded in self.rule_files),
            self.public.page,
            *self.public.communications,
            *(loaded.value for loaded in self.procedures),
        )
        texts = (*(model.model_dump_json() for model in models), self.flag_document)
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def load_configuration(directory: Path | None, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read every file of the directory, rules/*.yaml included; what is not there is as packaged.

    environ: the process environment when None; its ``TILL_`` variables win over the file.
    Raises ConfigurationError with the problems of all files and variables.
    """
    environ = os.environ if environ is None else environ
    problems = [] if directory is None else _directory_problems(directory)

    def taken(found: tuple[T, Iterable[Problem]]) -> T:
        problems.extend(found[1])
        return found[0]

    settings = taken(_settings(directory, environ))
    prices = taken(_file_or_default(directory, PRICES_FILE, Prices))
    fraud = taken(load(_path_of(directory, FRAUD_FILE), Fraud))
    ach = taken(_file_or_default(directory, ACH_FILE, Ach))
    policy = taken(_policy(directory, ach))
    deployment = taken(_file_or_default(directory, DEPLOYMENT_FILE, Deployments))
    scaling = taken(_file_or_default(directory, SCALING_FILE, Scaling))
    escalation = taken(_file_or_default(directory, ESCALATION_FILE, Escalation))
    flags = taken(_file_or_default(directory, FLAGS_FILE, Flags))
    flag_document = taken(read_flag_document(_path_of(directory, FLAG_DOCUMENT)))
    rule_files = taken(_rule_files(directory))
    if settings is None or policy is None or prices is None or fraud is None or ach is None or deployment is None:
        raise ConfigurationError(in_order(problems))
    if scaling is None or escalation is None or flags is None or flag_document is None:
        raise ConfigurationError(in_order(problems))
    problems += unreached(settings.channels, escalation, str(_path_of(directory, ESCALATION_FILE)))
    problems += unknown_flags(flag_document, flags, str(_path_of(directory, FLAGS_FILE)), rule_files)
    procedures, wrong = read_procedures(DEFAULTS, directory)
    problems += wrong
    # Names in files that cannot be read would be said to be missing, too.
    problems += [] if wrong else procedure_problems(procedures, escalation, rule_files, DEFAULTS)
    public = taken(read_public(directory, DEFAULTS))
    if public is not None:
        problems += unfit(public, settings.channels, rule_files, str(_path_of(directory, STATUS_PAGE_FILE)))
    if problems or public is None:
        raise ConfigurationError(in_order(problems))
    return Configuration(
        settings=settings,
        policy=policy,
        rule_files=rule_files,
        prices=prices,
        fraud=fraud,
        ach=ach,
        deployment=deployment,
        scaling=scaling,
        escalation=escalation,
        flags=flags,
        flag_document=flag_document,
        public=public,
        procedures=procedures,
    )


def load_scenario(name_or_path: str) -> Loaded[Scenario]:
    """Read a packaged scenario by its name, or one of the user's by its path (with a slash, or ending in .yaml)."""
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        return load_yaml(path, Scenario)
    names = scenario_names()
    if name_or_path not in names:
        likely = closest(name_or_path, names)
        meant = "" if likely is None else f"did you mean {likely}? "
        fix = f"{meant}Known: {listed(names)}; or give the path of a file that ends in .yaml"
        raise ConfigurationError((Problem(f"scenario {name_or_path!r:.80}", 0, 0, "no scenario has this name", fix),))
    return load_yaml(DEFAULTS / "scenarios" / f"{name_or_path}.yaml", Scenario)


def deployment_of(scenario: Loaded[Scenario]) -> Path | None:
    """The deployment.yaml that the scenario brings along, None when it brings none. Raises ConfigurationError."""
    if not scenario.value.deployment:
        return None
    path = Path(scenario.document.file).parent / scenario.value.deployment
    load_yaml(path, Deployments)
    return path


def scenario_names() -> list[str]:
    """The packaged scenarios, sorted."""
    return sorted(path.stem for path in (DEFAULTS / "scenarios").glob("*.yaml"))


def _directory_problems(directory: Path) -> list[Problem]:
    """A directory that is not there, or a file in it that would be passed over because of its name."""
    if not directory.is_dir():
        return [Problem(str(directory), 0, 0, "there is no such directory", "create it, or leave --config out")]
    found, problems = entries(directory)
    for path in found:
        # Facts in lines, ``facts.jsonl``, are near to the name of flags, and nobody meant those.
        names = [name for name in _NAMES if name != FLAG_DOCUMENT or path.suffix == ".json"]
        likely = closest(path.name, names)
        if likely is not None and path.name != likely:
            what = f"nothing reads a {'directory' if path.is_dir() else 'file'} of this name"
            problems.append(Problem(str(path), 0, 0, what, f"rename it to {likely}, or move it elsewhere"))
    return problems


def _settings(directory: Path | None, environ: Mapping[str, str]) -> tuple[Settings | None, list[Problem]]:
    path = None if directory is None else directory / SETTINGS_FILE
    parsed = Parsed({}, Document("settings", "", {}))
    if path is not None and os.path.lexists(path):
        parsed = read(path)
        if parsed.value is None:
            return None, build(parsed, Settings)[1] + check_endpoint_environment(environ)
    overrides = Overrides(environ)
    problems = parsed.problems + overrides.problems
    endpoint_url = None
    settings = None
    try:
        tree = overlay(parsed.value, overrides.tree)
        settings = Settings.model_validate(tree, context={"file": parsed.document.file})
        endpoint_url = settings.aws.endpoint_url
    except ValidationError as error:
        for explanation in explain(error, Settings):
            problem = problem_of(parsed.document, explanation)
            in_file = explanation.path in parsed.document.places
            variable = overrides.variable_for(explanation.path, in_file=in_file)
            problems.append(problem if variable is None else Problem(variable, 0, 0, problem.what, problem.fix))
    return settings, problems + check_endpoint_environment(environ, endpoint_url)


def _file_or_default(directory: Path | None, name: str, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The directory's file of this name, or the packaged one where there is none."""
    return build(read(_path_of(directory, name)), model)


def _policy(directory: Path | None, ach: Ach | None) -> tuple[Policy | None, list[Problem]]:
    """policy.yaml with its calendars filled from the files that they name."""
    path = _path_of(directory, POLICY_FILE)
    loaded, problems = load(path, Policy)
    if loaded is None:
        return None, problems
    policy, found = filled(loaded, path.parent, ach)
    return policy, problems + found


def _path_of(directory: Path | None, name: str) -> Path:
    if directory is not None and os.path.lexists(directory / name):
        return directory / name
    return DEFAULTS / name


def _rule_files(directory: Path | None) -> tuple[tuple[Loaded[RuleFile], ...], list[Problem]]:
    root = DEFAULTS / RULES_DIRECTORY
    if directory is not None and os.path.lexists(directory / RULES_DIRECTORY):
        root = directory / RULES_DIRECTORY
    paths, problems = _rule_paths(root)
    loaded, found = load_each(paths, RuleFile)
    return tuple(loaded), [*problems, *found, *_duplicate_ids(loaded)]


def load_rules(place: Path | None) -> tuple[Loaded[RuleFile], ...]:
    """The rules of one file, of a directory with ``rules/`` or of rule files, or, without a place, the packaged ones.

    Raises ConfigurationError with every problem of every file.
    """
    root = DEFAULTS / RULES_DIRECTORY if place is None else place
    if not root.is_dir():
        return load_rule_files([root])
    # A directory that was named for its rules must not end in the packaged ones because it holds none.
    paths, problems = _rule_paths(root / RULES_DIRECTORY if os.path.lexists(root / RULES_DIRECTORY) else root)
    if problems:
        raise ConfigurationError(in_order(problems))
    return load_rule_files(paths)


def load_rule_files(paths: Sequence[Path]) -> tuple[Loaded[RuleFile], ...]:
    """The rules of these files. Raises ConfigurationError with every problem of every file."""
    loaded, problems = load_each(paths, RuleFile)
    problems += _duplicate_ids(loaded)
    if problems:
        raise ConfigurationError(in_order(problems))
    return tuple(loaded)


def _rule_paths(root: Path) -> tuple[list[Path], list[Problem]]:
    """The rule files by name, and what in the directory would be passed over."""
    paths, problems = yaml_files(root, "rule file", _RULE_FILES_MAX, "put the rules of one family into one file")
    if not paths and not problems:
        fix = "add a *.yaml file, or remove the directory to use the default rules"
        problems.append(Problem(str(root), 0, 0, "the directory holds no rule file", fix))
    return paths, problems


def _duplicate_ids(loaded: list[Loaded[RuleFile]]) -> list[Problem]:
    """An id names one rule in the journal, so two rules may not share it."""
    first: dict[str, str] = {}
    problems = []
    for rule_file in loaded:
        for index, rule in enumerate(rule_file.value.rules):
            path = ("rules", index, "id")
            place = rule_file.document.places[path]
            if rule.id in first:
                what = f"the rule id {rule.id!r} is used already, in {first[rule.id]}"
                problems.append(rule_file.document.problem(path, what, "give one of the two another id"))
            else:
                first[rule.id] = f"{rule_file.document.file}:{place.line}"
    return problems
