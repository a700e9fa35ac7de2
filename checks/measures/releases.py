"""Since when the newest release of each place runs: what came before it is no evidence about it."""

from collections.abc import Iterable, Sequence

from checks.facts import Deployment, Fact
from checks.windows.panes import Key


def place_of(fact: Fact) -> str:
    """Where a fact was seen: a region and an environment, because each region brings out a release by itself."""
    return f"{fact.region}/{fact.environment}"


class Releases:
    """Of the keys of one ``per``. are_named: whether a key names an environment; without it no key is of a release.

    since_ms: by place.
    """

    def __init__(self, per: Sequence[str]) -> None:
        self._named = [(per.index(name), name) for name in ("region", "environment") if name in per]
        self.are_named = "environment" in per
        self.since_ms: dict[str, int] = {}

    def begin(self, release: Deployment, keys: Iterable[Key]) -> list[Key]:
        """A release begins: those of the keys that name its environment, and no other region."""
        self.since_ms[place_of(release)] = release.at_ms
        wanted = [(place, getattr(release, name)) for place, name in self._named]
        return [key for key in keys if all(_field(key, place) == value for place, value in wanted)]

    @property
    def newest_ms(self) -> int:
        """When the last of them began; 0 before the first."""
        return max(self.since_ms.values(), default=0)

    def of_newest(self, facts: Iterable[Fact]) -> list[Fact]:
        """Without facts from before the release of their place."""
        since_ms = self.since_ms
        return [fact for fact in facts if fact.at_ms >= since_ms.get(place_of(fact), 0)]


def _field(key: Key, place: int) -> object:
    return key[place] if isinstance(key, tuple) else key
