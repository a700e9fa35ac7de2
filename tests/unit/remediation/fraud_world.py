"""A payment core's fraud lists and holding mode, as far as actions see them."""

from dataclasses import dataclass, field

from remediation.errors import WorldUnreachable
from remediation.ports import ListedValue, LiveEntry


@dataclass
class FakeCore:
    """FraudLists and Holding at once. lost: answers of the next calls that took effect and never arrived."""

    entries: dict[str, tuple[ListedValue, LiveEntry]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    now: str = "normal"
    reachable: bool = True
    lost: int = 0
    calls: list[str] = field(default_factory=list)

    async def live(self, place: str) -> LiveEntry | None:
        self._reach()
        found = self.entries.get(place)
        return None if found is None else found[1]

    async def add(self, entry: ListedValue, key: str) -> None:
        self._reach()
        self.calls.append(f"add {key}")
        place = f"{entry.list}:{entry.kind}:{entry.value}"
        if key not in self.keys and place not in self.entries:
            self.keys[key] = place
            live = LiveEntry(id=f"fle_{len(self.keys)}", author="key:daemon", expires_at_ms=entry.expires_at_ms)
            self.entries[place] = (entry, live)
        self._lose()

    async def remove(self, entry_id: str, key: str) -> None:
        self._reach()
        self.calls.append(f"remove {key}")
        self.entries = {place: one for place, one in self.entries.items() if one[1].id != entry_id}

    async def mode(self) -> str:
        self._reach()
        return self.now

    async def set_mode(self, mode: str, reason: str, key: str) -> None:
        self._reach()
        assert reason
        self.calls.append(f"{mode} {key}")
        self.now = mode
        self._lose()

    def _reach(self) -> None:
        if not self.reachable:
            raise WorldUnreachable("no core answers")

    def _lose(self) -> None:
        if self.lost:
            self.lost -= 1
            raise WorldUnreachable("the answer was lost")
