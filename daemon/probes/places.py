"""Which region and environment a core of the settings is."""

from collections.abc import Iterable
from dataclasses import dataclass

SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Place:
    """One environment of one region."""

    region: str
    environment: str


def place_of(name: str, home: str) -> Place:
    """The place of a core by its name in the settings: ``us-west-2/blue``, or ``blue`` in the home region."""
    region, _, environment = name.rpartition(SEPARATOR)
    return Place(region if region else home, environment)


def name_in(region: str, environment: str, home: str) -> str:
    """The name in the settings of an environment's core; the opposite of place_of."""
    return environment if region == home else f"{region}{SEPARATOR}{environment}"


def regions_of(names: Iterable[str], home: str) -> frozenset[str]:
    """Every region that has a core, and home."""
    return frozenset({home, *(place_of(name, home).region for name in names)})
