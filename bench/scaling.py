"""Scaling on a recorded day with two sales, caps over random lives, and changes under a load that swings, measured."""

import argparse
import json
import resource
from pathlib import Path
from random import Random
from time import process_time

from bench.workloads.capacity import Life
from bench.workloads.load import STEP_SECONDS, Burst, load, start_ms
from bench.workloads.swings import most_changes
from config.scaling import EcsService, Scaling, ScheduleEntry, Unit
from daemon.replay.capacity_picture import capacity_picture
from remediation.scaling.backtest.played import Backtest, Outcome, Way
from remediation.scaling.backtest.run import Result
from remediation.scaling.model import Component

SEEDS = (1, 2, 3, 4, 5)
HISTORY_DAYS = 14
SHARP_FACTOR = 3.0
"""A burst that no headroom holds: nobody can have expected it."""
LATE_MS = 90_000
"""How old a load is that CloudWatch tells of: a minute is complete one to two minutes after its end."""
LIVES, LOOKS = 1_000, 360
"""Looks of 20 s: two hours, so that a peak is got ready for, held, and over."""
SWINGS = 1_000
PICTURE = Path(__file__).parents[1] / "docs" / "scaling.svg"
COMPONENT = Component(
    "core",
    EcsService(
        kind="ecs_service",
        region="us-east-1",
        cluster="till",
        service="till-core",
        min=2,
        max=60,
        unit=Unit(
            requests_per_second=30.0,
            concurrency=16,
            hour_microdollars=39_500,
            source="Fargate on ARM in us-east-1, 1 vCPU and 2 GB",
            warm_up=60.0,
            drain=30.0,
        ),
        target_percent=60,
        signals=("utilization", "requests"),
        schedule=(
            ScheduleEntry(cron="57 11 * * *", zone="America/New_York", desired=28),
            ScheduleEntry(cron="57 19 * * *", zone="America/New_York", desired=28),
        ),
        hourly_cap_cents=300,
    ),
)


def main() -> None:
    """Measure, draw if asked to, and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--lives", type=int, default=LIVES)
    parser.add_argument("--swings", type=int, default=SWINGS)
    parser.add_argument("--picture", type=Path, help=f"an SVG file to draw, such as docs/{PICTURE.name}")
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    chosen = parser.parse_args()
    days = {seed: played(seed, Burst()) for seed in chosen.seeds}
    if chosen.picture is not None:
        first = days[chosen.seeds[0]]
        title = "A day with two sales and a burst that nobody announced, after two weeks of history"
        chosen.picture.write_text(capacity_picture(title, first), encoding="utf-8")
    print(
        json.dumps(
            {
                **of_days(days),
                "by_seed": {str(seed): of_day(outcomes) for seed, outcomes in days.items()},
                "with_a_threefold_burst": of_day(played(chosen.seeds[0], Burst(factor=SHARP_FACTOR))),
                f"with_load_told_{LATE_MS // 1000}_s_late": of_day(played(chosen.seeds[0], Burst(), LATE_MS)),
                **of_lives(chosen.lives),
                "swings": chosen.swings,
                "most_changes_in_a_cool_down": most_changes(chosen.swings),
                "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            }
        )
    )


def played(seed: int, burst: Burst, late_ms: int = 0) -> list[Outcome]:
    """The last day under each way; the schedule is what somebody would write who knows when the sales are."""
    backtest = Backtest(COMPONENT, Scaling(), from_ms=start_ms(HISTORY_DAYS), late_ms=late_ms)
    for at_ms, requests_per_second in load(seed, HISTORY_DAYS + 1, burst):
        backtest.take(at_ms, requests_per_second)
    return backtest.outcomes()


def of_day(outcomes: list[Outcome]) -> dict[str, object]:
    """Each way of one day."""
    figures: dict[str, object] = {}
    for one in outcomes:
        figures[f"{one.way.value}_throttled_seconds"] = round(one.result.throttled_seconds)
        figures[f"{one.way.value}_dollars"] = round(one.result.microdollars / 1e6, 3)
        figures[f"{one.way.value}_changes"] = one.result.changes
    return figures


def of_days(days: dict[int, list[Outcome]]) -> dict[str, object]:
    """Predictive and scheduled against reactive, the worst of all seeds: what the goals are held against."""
    figures: dict[str, object] = {"history_days": HISTORY_DAYS, "row_seconds": STEP_SECONDS}
    for way in (Way.PREDICTIVE, Way.SCHEDULED):
        pairs = [(_result(day, way), _result(day, Way.REACTIVE)) for day in days.values()]
        throttled = [one.throttled_seconds / reactive.throttled_seconds for one, reactive in pairs]
        dearer = [one.microdollars / reactive.microdollars - 1 for one, reactive in pairs]
        figures[f"{way.value}_worst_throttled_ratio"] = round(max(throttled), 4)
        figures[f"{way.value}_worst_dollars_more_ratio"] = round(max(dearer), 4)
    return figures


def _result(day: list[Outcome], way: Way) -> Result:
    return next(one.result for one in day if one.way is way)


def of_lives(lives: int) -> dict[str, object]:
    """How near to its cap the dearest hour of each random life came, and what a decision takes."""
    over = looks = 0
    nearest = 0.0
    started = process_time()
    for seed in range(lives):
        life = Life(Random(seed))  # noqa: S311  # reproducible input, not a secret
        broken = False
        for _ in range(LOOKS):
            life.tick()
            spent = life.spent_microdollars() / life.cap_microdollars()
            nearest, broken, looks = max(nearest, spent), broken or spent > 1 + 1e-9, looks + 1
        over += broken
    return {
        "random_lives": lives,
        "lives_over_their_cap": over,
        "dearest_hour_of_its_cap_ratio": round(nearest, 4),
        "us_per_look": round((process_time() - started) / max(1, looks) * 1e6, 1),
    }


if __name__ == "__main__":
    main()
