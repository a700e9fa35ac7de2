"""The page shows what was published, at the parts that it is about; what nobody watched is shown as no data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.public.status_page import Component, StatusPage
from daemon.status_page.document import StatusDocument, document_of
from remediation.journal.public_kinds import Impact, Phase, StatusProposed
from remediation.public.coverage import DAY_MS, Coverage
from remediation.public.state import PublicBook, Standing, UpdateState

NOW_MS = 20_000 * DAY_MS + DAY_MS // 2
HOUR_MS = 3_600_000
PARTS = (Component(id="cards", name="Cards"), Component(id="payouts", name="Payouts"))
PAGE = StatusPage(components=PARTS, history_days=5)
WATCHED = Coverage(days={NOW_MS // DAY_MS - back: DAY_MS for back in range(1, 5)}, since_ms=NOW_MS - DAY_MS // 2)


def update(
    phase: Phase = "investigating",
    *,
    subject: str = "inc-1",
    impact: Impact = "outage",
    standing: Standing = Standing.DONE,
    answered_ms: int = NOW_MS - HOUR_MS,
    began_ms: int = NOW_MS - 2 * HOUR_MS,
    ended_ms: int = 0,
) -> UpdateState:
    """Words about the cards."""
    said = StatusProposed(
        subject_id=subject,
        kind="payment-failures",
        phase=phase,
        impact=impact,
        title="Some payments are failing",
        text=f"It is {phase}.",
        components=("cards",),
        began_at_ms=began_ms,
        ended_at_ms=ended_ms,
    )
    name = f"{subject}-{phase}-{answered_ms}"
    return UpdateState(
        id=name, said=said, by="daemon", at_ms=began_ms, standing=standing, answered_at_ms=answered_ms, answered_by="b"
    )


def shown(*updates: UpdateState, coverage: Coverage = WATCHED, watched: bool = True) -> StatusDocument:
    """The page with these words."""
    book = PublicBook(updates={one.id: one for one in updates}, coverage=coverage)
    return document_of(PAGE, book, watched=watched, now_ms=NOW_MS)


def statuses(page: StatusDocument, part: int = 0) -> list[str]:
    """Of each day, the oldest first."""
    return [day.status for day in page.components[part].days]


def test_without_a_word_all_that_is_watched_works() -> None:
    page = shown()
    assert (page.status, page.open, page.past) == ("operational", [], [])
    assert [part.uptime_percent for part in page.components] == [100.0, 100.0]
    assert statuses(page) == ["operational"] * 5


def test_where_nobody_watches_no_part_is_said_to_work() -> None:
    page = shown(watched=False)
    assert page.status == "unknown"
    assert {part.status for part in page.components} == {"unknown"}


def test_days_that_nobody_watched_have_no_data_and_no_uptime() -> None:
    page = shown(coverage=Coverage())
    assert statuses(page) == ["unknown"] * 5
    assert page.components[0].uptime_percent is None


def test_a_day_that_was_watched_in_part_is_no_good_day() -> None:
    today = NOW_MS // DAY_MS
    page = shown(coverage=Coverage(days={today - 1: DAY_MS // 2, today: DAY_MS // 2}))
    assert statuses(page) == ["unknown", "unknown", "unknown", "partly_unknown", "operational"]


@pytest.mark.parametrize("standing", [Standing.WAITING, Standing.REJECTED])
def test_what_was_not_published_is_not_there(standing: Standing) -> None:
    assert shown(update(standing=standing)) == shown()


def test_an_open_one_stands_at_its_parts_alone_and_not_under_its_inner_name() -> None:
    page = shown(update(), update("identified", answered_ms=NOW_MS - HOUR_MS // 2))
    (item,) = page.open
    assert page.status == "outage"
    assert [part.status for part in page.components] == ["outage", "operational"]
    assert [one.phase for one in item.updates] == ["identified", "investigating"]
    assert (item.components, item.ended) == (["Cards"], "")
    assert "inc" not in item.id
    assert statuses(page)[-1] == "outage"
    assert statuses(page, 1)[-1] == "operational"


def test_what_the_outside_calls_it_is_not_found_by_trying_inner_names_and_times() -> None:
    alike = (replace(update(), seal=seal) for seal in ("a" * 64, "b" * 64))
    (one,), (other,) = (shown(each).open for each in alike)
    assert one.id != other.id
    later = replace(update("identified", answered_ms=NOW_MS - HOUR_MS // 2), seal="c" * 64)
    assert shown(replace(update(), seal="a" * 64), later).open[0].id == one.id, "it keeps it"


def test_uptime_counts_outages_from_begin_to_end_and_is_rounded_down() -> None:
    ended = update("resolved", ended_ms=NOW_MS - HOUR_MS, answered_ms=NOW_MS - HOUR_MS // 2)
    page = shown(update(), ended)
    # One hour of 4.5 days.
    assert page.components[0].uptime_percent == 99.07
    assert (page.status, [one.phase for one in page.past]) == ("operational", ["resolved"])
    slight = update("resolved", ended_ms=NOW_MS - 2 * HOUR_MS + 1)
    assert shown(update(), slight).components[0].uptime_percent == 99.99


def test_what_is_degraded_costs_no_uptime_and_two_outages_at_once_are_one() -> None:
    assert shown(update(impact="degraded")).components[0].uptime_percent == 100.0
    one = shown(update()).components[0].uptime_percent
    assert shown(update(), update(subject="inc-2")).components[0].uptime_percent == one


def test_planned_work_is_shown_before_it_begins_and_is_no_outage() -> None:
    planned = update("scheduled", impact="maintenance", began_ms=NOW_MS + HOUR_MS, ended_ms=NOW_MS + 2 * HOUR_MS)
    page = shown(planned)
    assert (page.status, [one.phase for one in page.scheduled], page.open) == ("operational", ["scheduled"], [])
    begun = update("in_progress", impact="maintenance", ended_ms=NOW_MS + HOUR_MS)
    assert (shown(begun).status, len(shown(begun).open)) == ("maintenance", 1)


def test_work_whose_begin_is_not_published_is_not_said_to_be_under_way() -> None:
    late = update("scheduled", impact="maintenance", began_ms=NOW_MS - HOUR_MS, ended_ms=NOW_MS + HOUR_MS)
    assert (shown(late).open, len(shown(late).scheduled)) == ([], 1)


def test_what_is_over_for_longer_than_the_page_shows_is_gone() -> None:
    old = NOW_MS - 6 * DAY_MS
    assert shown(update("resolved", began_ms=old - HOUR_MS, ended_ms=old, answered_ms=old)).past == []


def test_a_page_is_stale_when_three_rewrites_did_not_come() -> None:
    assert shown().stale_after_seconds == 180


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6 * DAY_MS), st.integers(0, 3 * DAY_MS), st.sampled_from(["outage", "degraded"])),
        max_size=6,
    ),
    st.dictionaries(st.integers(NOW_MS // DAY_MS - 5, NOW_MS // DAY_MS), st.integers(0, DAY_MS), max_size=6),
)
def test_uptime_is_a_share_and_every_day_is_there_once(
    spans: list[tuple[int, int, Impact]], days: dict[int, int]
) -> None:
    updates = [
        update(
            "resolved",
            subject=f"inc-{number}",
            impact=impact,
            began_ms=NOW_MS - ago,
            ended_ms=min(NOW_MS, NOW_MS - ago + lasted),
        )
        for number, (ago, lasted, impact) in enumerate(spans, start=1)
    ]
    for part in shown(*updates, coverage=Coverage(days=days)).components:
        assert part.uptime_percent is None or 0 <= part.uptime_percent <= 100
        assert len({day.date for day in part.days}) == 5
