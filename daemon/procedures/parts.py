"""What was opened about procedures, for whoever composes it or asks it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.loading.loader import Loaded
from config.procedures.procedure import Procedure
from daemon.procedures.catalogue import Catalogue
from daemon.procedures.desk import ProcedureDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureParts:
    """follow: has people walk other ones from now on."""

    desk: ProcedureDesk
    catalogue: Catalogue

    @property
    def follow(self) -> Callable[[Sequence[Loaded[Procedure]]], None]:
        """For a reload."""
        return self.catalogue.follow
