"""The procedures that are in effect; a reload puts others in their place, and runs that were begun go on."""

from collections.abc import Sequence

from config.loading.loader import Loaded
from config.procedures.directory import by_runbook
from config.procedures.procedure import Procedure


class Catalogue:
    """By name, and by the runbooks that rules name."""

    def __init__(self, procedures: Sequence[Loaded[Procedure]]) -> None:
        self.follow(procedures)

    def follow(self, procedures: Sequence[Loaded[Procedure]]) -> None:
        """From now on."""
        self._all = tuple(one.value for one in procedures)
        self._by_runbook = by_runbook(procedures)

    @property
    def all(self) -> tuple[Procedure, ...]:
        """By name."""
        return self._all

    def named(self, name: str) -> Procedure | None:
        """The procedure of this very name."""
        found = self._by_runbook.get(name)
        return found if found is not None and found.name == name else None

    def answering(self, runbook: str) -> Procedure | None:
        """The procedure for what a rule names as its runbook."""
        return self._by_runbook.get(runbook)
