"""What is usual at each time of the week, learned by component, and kept over a restart."""

import asyncio
from pathlib import Path

import msgspec
import structlog

from config.scaling import Forecasting
from daemon.storage.whole_file import write_whole
from remediation.scaling.forecast import Seasonal
from remediation.scaling.model import Component, Outlook, Reading

log = structlog.get_logger()

FILE = "scaling-forecast.msgpack"
KEPT_EVERY_MS = 300_000
"""One slot of a forecast; that much is forgotten by a crash."""

_DECODER = msgspec.msgpack.Decoder(dict[str, Seasonal])


class Forecasts:
    """One forecast for each component that asks for one. A file that cannot be used is begun anew, and said so."""

    def __init__(self, path: Path, seasons: dict[str, Seasonal]) -> None:
        self._path = path
        self._seasons = seasons
        self._kept_at_ms = 0

    @classmethod
    async def open(cls, data_dir: Path) -> "Forecasts":
        """What was learned before, as far as the file tells."""
        path = data_dir / FILE
        try:
            return cls(path, await asyncio.to_thread(lambda: _DECODER.decode(path.read_bytes())))
        except FileNotFoundError:
            return cls(path, {})
        except (OSError, msgspec.MsgspecError) as fault:
            log.warning("forecast begins anew", action="forecast_unusable", path=str(path), fault=str(fault))
            return cls(path, {})

    def take(self, component: Component, reading: Reading, forecasting: Forecasting) -> None:
        """Learn from one look; one that does not tell the load teaches nothing."""
        if component.scaled.forecast and reading.requests_per_second is not None:
            season = self._seasons.setdefault(component.target, Seasonal())
            season.take(reading.at_ms, reading.requests_per_second, forecasting)

    def outlook(self, component: Component, forecasting: Forecasting, now_ms: int) -> Outlook | None:
        """What is expected while new units would warm up; None where no forecast is asked for."""
        if not component.scaled.forecast:
            return None
        ahead_ms = round((component.scaled.unit.warm_up + forecasting.ahead) * 1000)
        return self._seasons.get(component.target, Seasonal()).outlook(now_ms, ahead_ms, forecasting)

    async def keep(self, now_ms: int) -> None:
        """Write what was learned, now and then; a disk that does not take it is said and tried again."""
        if now_ms - self._kept_at_ms < KEPT_EVERY_MS:
            return
        self._kept_at_ms = now_ms
        content = msgspec.msgpack.encode(self._seasons)
        try:
            await asyncio.to_thread(write_whole, self._path, content, durable=False)
        except OSError as fault:
            log.warning("forecast not kept", action="forecast_not_kept", path=str(self._path), fault=str(fault))
