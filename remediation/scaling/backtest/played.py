"""A record of load, row by row, under several ways of scaling at once."""

from enum import StrEnum
from typing import Any

import msgspec

from config.scaling import Scaling
from remediation.scaling.backtest.run import Result, Run
from remediation.scaling.backtest.trace import Trace
from remediation.scaling.forecast import Seasonal
from remediation.scaling.model import Component

GAP_MS_MAX = 900_000
"""Rows further apart than this say nothing of the minutes in which capacity is short."""


class Way(StrEnum):
    """What is decided by, beside min, max and costs.

    reactive: the load of now alone. scheduled: with the schedule and the peaks. predictive: with the forecast.
    """

    REACTIVE = "reactive"
    SCHEDULED = "scheduled"
    PREDICTIVE = "predictive"


class RowUnusable(Exception):
    """A row cannot be played. fix: what to do about it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


class Outcome(msgspec.Struct, frozen=True):
    """One way's result, and its trace."""

    way: Way
    result: Result
    trace: Trace


class Backtest:
    """Takes rows in the order of their time; each holds until the next. Raises Unmeasured at the first that is played.

    from_ms: rows before it teach the forecast and are played by nobody. The forecast knows nothing of what is to come:
    it is told what was, and asked for what will be. late_ms: how old the load is that a look tells of.

    looks_without_forecast: of so many ``looks`` at which it knew too little; why: of the first of them.
    """

    def __init__(self, component: Component, policy: Scaling, from_ms: int | None = None, *, late_ms: int = 0) -> None:
        self._component, self._policy, self._from_ms, self._late_ms = component, policy, from_ms, late_ms
        self._runs: dict[Way, Run] = {}
        self._forecast = Seasonal()
        self._row: tuple[int, float] | None = None
        self._every_ms = max(1, round(policy.every * 1000))
        unit = component.scaled.unit
        self._ahead_ms = round((unit.warm_up + policy.forecasting.ahead + policy.every) * 1000)
        self._next_ms = 0
        self._asked, self._since_ms = 0.0, 0
        self.rows = 0
        self.looks = self.looks_without_forecast = 0
        self.why_without_forecast = ""

    def take(self, at_ms: int, requests_per_second: float) -> None:
        """The next row. Raises RowUnusable when it is not later than the one before, or too much later."""
        if self._row is not None:
            before_ms, load = self._row
            if at_ms <= before_ms:
                raise RowUnusable("its time is not later than that of the row before", "sort the rows by their time")
            if at_ms - before_ms > GAP_MS_MAX:
                what = f"{(at_ms - before_ms) / 60_000:.0f} minutes after the row before nothing is known of the load"
                raise RowUnusable(what, f"write a row at least every {GAP_MS_MAX // 60_000} minutes, or cut the file")
            self._play(before_ms, at_ms, load)
        self._row = (at_ms, requests_per_second)
        self.rows += 1

    def outcomes(self) -> list[Outcome]:
        """Every way's, up to the newest row; none when no time was played."""
        return [Outcome(way, run.result(), run.trace) for way, run in self._runs.items()]

    def _play(self, from_ms: int, until_ms: int, load: float) -> None:
        if self._from_ms is not None and until_ms <= self._from_ms:
            self._forecast.take(until_ms, load, self._policy.forecasting)
            return
        if not self._runs:
            start_ms = from_ms if self._from_ms is None else max(from_ms, self._from_ms)
            self._begin(start_ms, load)
            from_ms = start_ms
        at_ms = from_ms
        while at_ms < until_ms:
            to_ms = min(until_ms, self._next_ms)
            for run in self._runs.values():
                run.advance(to_ms, load)
            self._asked += load * (to_ms - at_ms)
            at_ms = to_ms
            if at_ms == self._next_ms:
                self._look(at_ms)

    def _begin(self, start_ms: int, load: float) -> None:
        ways: dict[Way, dict[str, Any]] = {
            Way.REACTIVE: {"schedule": (), "peaks": (), "forecast": False},
            Way.SCHEDULED: {"forecast": False},
            Way.PREDICTIVE: {"schedule": (), "peaks": (), "forecast": True},
        }
        for way, changed in ways.items():
            scaled = self._component.scaled.model_copy(update=changed)
            component = Component(self._component.name, scaled)
            self._runs[way] = Run(component, self._policy, start_ms, load, late_ms=self._late_ms)
        self._next_ms = start_ms + self._every_ms
        self._since_ms = start_ms

    def _look(self, now_ms: int) -> None:
        forecasting = self._policy.forecasting
        self._forecast.take(now_ms, self._asked / (now_ms - self._since_ms), forecasting)
        self._asked, self._since_ms = 0.0, now_ms
        outlook = self._forecast.outlook(now_ms, self._ahead_ms, forecasting)
        self.looks += 1
        if outlook.requests_per_second is None:
            self.looks_without_forecast += 1
            self.why_without_forecast = self.why_without_forecast if self.looks_without_forecast > 1 else outlook.why
        for way, run in self._runs.items():
            run.look(outlook if way is Way.PREDICTIVE else None)
        self._next_ms = now_ms + self._every_ms
