"""Counts one kind, record by record and row by row, without holding either."""

from collections.abc import Iterable, Iterator

from payment_core.migration.export.kinds import Kind
from payment_core.migration.jobs.port import CHANGED_HERE, Place
from payment_core.migration.proof.sides import Difference, Line, Sum
from payment_core.migration.reconciling.model import DIFFERENCES_MAX, KindResult

NOWHERE = "neither moved nor in quarantine"
UNREADABLE = "bytes that are none; put the database back"
OF_BEFORE = "as an earlier export had it; run the job again"


class Differences:
    """The first ones, and how many there are."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[Difference] = []

    def add(self, difference: Difference) -> None:
        """One more."""
        self.count += 1
        if len(self.kept) < DIFFERENCES_MAX:
            self.kept.append(difference)


class KindFold:
    """One kind.

    A row here stands for the one record of the export whose place it has; other records of the same object are said
    again. So no id has to be remembered to count each object once.
    """

    def __init__(self, kind: Kind, differences: Differences) -> None:
        self.kind = kind
        self._differences = differences
        self._counts = dict.fromkeys(
            ("exported", "equal", "superseded", "later", "changed_here", "waiting", "missing", "differing", "here"), 0
        )
        self._found = 0
        self._not_taken: dict[str, Difference] = {}
        self._is_cut = False
        self._source: dict[str, int] = {}
        self._target: dict[str, int] = {}

    def exported(self, place: Place, ours: Line, stored: Place | None, theirs: Line | None, *, waits: bool) -> bool:
        """A record. stored: the place of its row here; None when there is none. True when the row is of this record."""
        self._counts["exported"] += 1
        if stored is None or theirs is None:
            self._absent(ours, NOWHERE, waits=waits)
            return False
        if place < stored:
            self._said_again(place, stored)
            return False
        if place > stored:
            self._of_before(ours, theirs, waits=waits)
            return False
        self._found += 1
        if ours.currency != "":
            self._source[ours.currency] = self._source.get(ours.currency, 0) + ours.amount
        if theirs.sha256 == CHANGED_HERE:
            self._counts["changed_here"] += 1
        elif ours == theirs:
            self._counts["equal"] += 1
        else:
            self._differ(Difference(ours.name, _told(ours), _told(theirs)))
        return True

    def refused(self, name: str, place: Place, stored: Place | None, *, waits: bool) -> None:
        """Something that cannot move. stored: the place of what is here of the same object; None when nothing is."""
        self._counts["exported"] += 1
        if stored is not None and place < stored:
            self._said_again(place, stored)
        else:
            self._absent(Line(name, ""), NOWHERE if stored is None else OF_BEFORE, waits=waits)

    def unreadable(self, name: str, error: Exception) -> None:
        """A record of which something is in the store that cannot be read."""
        self._counts["exported"] += 1
        self._found += 1
        self._differ(Difference(name, "a record", f"{UNREADABLE}: {error}"))

    def cut(self, error: Exception) -> None:
        """The walk over the rows ended at one that cannot be read; which ones are too many is not known."""
        self._is_cut = True
        self._differences.add(Difference(f"{self.kind.value} rows", "records", f"{UNREADABLE}: {error}"))

    def counted_twice(self, name: str, since: int, created: int) -> None:
        """A row that the opening balance of its account holds already. since, created: Unix seconds."""
        self._differences.add(Difference(name, f"in the opening balance as of {since}", f"posted, of {created}"))

    def row(self, amount: int, currency: str) -> None:
        """A row of this export in the store, met by a walk of its own."""
        self._counts["here"] += 1
        if currency != "":
            self._target[currency] = self._target.get(currency, 0) + amount

    def result(self) -> KindResult:
        """What was found."""
        for difference in self._not_taken.values():
            self._differ(difference)
        self._not_taken.clear()
        extra = 0 if self._is_cut else self._counts["here"] - self._found
        if extra != 0:
            self._differences.add(Difference(f"{self.kind.value} rows", str(self._found), str(self._counts["here"])))
        source, target = sums_of(self._source), sums_of(self._target)
        # Behind the row at which the walk was cut nothing was counted or added up.
        for one in () if self._is_cut else _sum_differences(self.kind.value, self._source, self._target):
            self._differences.add(one)
        return KindResult(kind=self.kind, extra=extra, source=source, target=target, **self._counts)

    def _of_before(self, ours: Line, theirs: Line, *, waits: bool) -> None:
        """The row is of an earlier export: this one was not moved, or only what waited. Both have to say the same.

        Of several records of the object the last one has to: those before it were said again.
        """
        if self._not_taken.pop(ours.name, None) is not None:
            self._counts["superseded"] += 1
        if theirs.sha256 == CHANGED_HERE:
            self._counts["changed_here"] += 1
        elif ours == theirs:
            self._counts["equal"] += 1
        elif waits:
            self._counts["waiting"] += 1
        else:
            difference = Difference(ours.name, _told(ours), f"{_told(theirs)}, {OF_BEFORE}")
            if len(self._not_taken) < DIFFERENCES_MAX:
                self._not_taken[ours.name] = difference
            else:
                self._differ(difference)

    def _said_again(self, place: Place, stored: Place) -> None:
        self._counts["later" if stored[0] > place[0] else "superseded"] += 1

    def _differ(self, difference: Difference) -> None:
        self._counts["differing"] += 1
        self._differences.add(difference)

    def _absent(self, ours: Line, why: str, *, waits: bool) -> None:
        self._counts["waiting" if waits else "missing"] += 1
        if not waits:
            self._differences.add(Difference(ours.name, _told(ours), why))


def sums_of(amounts: dict[str, int]) -> tuple[Sum, ...]:
    """Sums in the order of their currencies."""
    return tuple(Sum(currency, amounts[currency]) for currency in sorted(amounts))


def _sum_differences(name: str, source: dict[str, int], target: dict[str, int]) -> Iterator[Difference]:
    currencies: Iterable[str] = sorted({*source, *target})
    for currency in currencies:
        ours, theirs = source.get(currency, 0), target.get(currency, 0)
        if ours != theirs:
            yield Difference(f"{name} {currency}", str(ours), str(theirs))


def _told(line: Line) -> str:
    money = f"{line.amount} {line.currency} " if line.currency != "" else ""
    return f"{money}{line.sha256[:16]}".strip()
