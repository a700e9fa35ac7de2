"""A deployment's steps as people read them: which phase, which step of it, and what it does."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from remediation.deployment.plan import Step

PHASE_WORDS = MappingProxyType(
    {
        "pre_deployment_validation": "pre-deployment validation",
        "infrastructure_initialization": "infrastructure initialization",
        "data_migration": "data migration",
        "blue_green_deployment": "blue-green deployment",
        "traffic_rollout": "traffic rollout",
        "final_validation": "final validation",
        "unwinding": "unwinding",
    }
)
"""By the middle part of a step's id; the six phases in their order, and what undoes them."""


def phase_of(step: Step) -> str:
    """The middle part of its id: its phase, or ``unwinding``."""
    return step.id.split("/")[1]


def place_of(step: Step) -> str:
    """The heading that it stands under: ``us-east-1, traffic rollout``."""
    return f"{step.region}, {PHASE_WORDS[phase_of(step)]}"


def name_of(step: Step) -> str:
    """The last part of its id: ``shift-25``."""
    return step.id.rpartition("/")[2]


def seconds(count: float) -> str:
    """A budget in whole seconds, minutes or hours: ``45 s``, ``12 min``, ``7 min 30 s``."""
    whole = round(count)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{part} {unit}" for part, unit in parts if part) or "0 s"


def changes(step: Step) -> str:
    """What it changes, without the region that its heading names; empty when it only looks."""
    return step.target.replace(f"{step.region}/", "")


def does(step: Step) -> str:
    """What it does, in a few words: ``5 % to green 2.0.0``."""
    kind = _KINDS.get(step.kind)
    if kind is not None:
        return kind(step.arguments)
    release = f"{step.arguments.get('environment', '')} {step.arguments.get('version', '')}".strip()
    verb, _, what = step.kind.partition(".")
    match verb:
        case "check":
            return f"looks at {release}"
        case "prepare":
            return f"makes ready for {step.arguments['version']}"
        case "release":
            return f"undoes {what}"
        case _:
            return f"{step.kind} {release}".strip()


def _environment(arguments: Mapping[str, str]) -> str:
    return f"{arguments['environment']} {arguments['version']}"


def _sized(arguments: Mapping[str, str]) -> str:
    size = arguments["size"]
    return f"{_environment(arguments)}, {size} {'instance' if size == '1' else 'instances'}"


def _migrate(arguments: Mapping[str, str]) -> str:
    if not arguments["job"]:
        return "nothing to migrate"
    return f"job {arguments['job']}" + (
        ", no way back after it" if arguments.get("point_of_no_return") == "yes" else ""
    )


def _cut_over(arguments: Mapping[str, str]) -> str:
    percent = arguments["percent"]
    return "everybody back to the old processor" if percent == "0" else f"{percent} % of the customers cut over"


def _watch(arguments: Mapping[str, str]) -> str:
    return f"{arguments['percent']} % on {_environment(arguments)}, beside {arguments['other_version']}"


def _bake(arguments: Mapping[str, str]) -> str:
    kept = arguments["other"]
    lasting = seconds(int(arguments["bake_ms"]) / 1000)
    return f"{lasting} with all traffic; {kept} {arguments['other_version']} stays warm"


def _cohort(arguments: Mapping[str, str]) -> str:
    if not arguments["cohort"]:
        return "nobody goes by name any more"
    return f"{arguments['cohort']} to {_environment(arguments)}"


_KINDS: Mapping[str, Callable[[Mapping[str, str]], str]] = MappingProxyType(
    {
        "migrate": _migrate,
        "compare": lambda arguments: f"{arguments['at_least']} reads of both processors, equal",
        "cut-over": _cut_over,
        "deploy": lambda arguments: f"puts up {_sized(arguments)}",
        "resize": lambda arguments: f"grows to {_sized(arguments)}",
        "retire": lambda arguments: f"stops {arguments['environment']}",
        "test.traffic": lambda arguments: f"test payments at {_environment(arguments)}",
        "cohort": _cohort,
        "shift": lambda arguments: f"{arguments['percent']} % to {_environment(arguments)}",
        "roll": lambda arguments: (
            f"{arguments['instances']} of {arguments['size']} in {arguments['environment']} to {arguments['version']}"
        ),
        "watch": _watch,
        "bake": _bake,
    }
)
