"""The daemon's doors over a house of flags."""

from typing import cast

from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.flags.flag_house import FlagHouse
from tests.unit.daemon.http.doors.release_doors import Doors, LivingView
from tests.unit.daemon.http.fake_view import tokens


class FlagView(LivingView):
    """A view by the clock of a house."""

    house: FlagHouse

    def now_ms(self) -> int:
        """As it is in the house."""
        return self.house.now_ms


class FlagDoors(Doors):
    """house: None where no flags are kept."""

    def __init__(self, house: FlagHouse | None, writer_of: FlagHouse) -> None:
        view = FlagView()
        view.house, view.writer = writer_of, writer_of.writer
        options = HttpOptions(
            tokens=tokens(),
            current_rules=tuple,
            version="0.1.0",
            clock=cast("SystemClock", view.clock),
            flags=None if house is None else house.parts,
        )
        self.app = create_app(view, cast("FactSink", None), cast("Quarantine", None), options)
