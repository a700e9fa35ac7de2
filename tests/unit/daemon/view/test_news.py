"""What becomes a journal entry: changes, told once."""

import pytest

from checks.facts import Deployment
from checks.findings import State
from daemon.view.news import News
from remediation.decisions import Decision, Reason
from remediation.state import State as JournalState
from tests.unit.remediation.worlds import finding, release


def decision(reason: Reason) -> Decision:
    return Decision(
        id="dec-1",
        finding=finding(),
        action="rollback.traffic",
        target="dns:payments",
        reason=reason,
        act=reason is Reason.BREACHED,
        key="k",
        at_ms=1_000,
        detail="",
    )


@pytest.mark.parametrize(
    ("told", "comes", "is_news"),
    [
        ((), State.BREACHED, True),
        ((), State.CLEARED, False),
        ((), State.NO_DATA, False),
        ((State.BREACHED,), State.BREACHED, False),
        ((State.BREACHED,), State.NO_DATA, True),
        ((State.BREACHED,), State.CLEARED, True),
        ((State.BREACHED, State.NO_DATA), State.BREACHED, True),
        ((State.BREACHED, State.NO_DATA), State.CLEARED, True),
        ((State.BREACHED, State.CLEARED), State.CLEARED, False),
        ((State.BREACHED, State.CLEARED), State.BREACHED, True),
    ],
)
def test_a_finding_is_news_when_the_journal_says_something_else(
    told: tuple[State, ...], comes: State, *, is_news: bool
) -> None:
    news = News(JournalState())
    for state in told:
        news.told_finding(finding(state=state))
    assert news.is_finding(finding(state=comes)) is is_news


def test_silence_is_news_where_the_rule_pages_for_it_and_a_graver_breach_is_news_again() -> None:
    news = News(JournalState())
    silent = finding(state=State.NO_DATA, value=None, no_data="page")
    assert news.is_finding(silent)
    news.told_finding(silent)
    assert not news.is_finding(silent)
    news.told_finding(finding(severity="medium"))
    assert news.is_finding(finding(severity="critical"))
    assert not news.is_finding(finding(severity="low"))


@pytest.mark.parametrize(
    ("told", "comes", "is_news"),
    [
        (None, Reason.NO_DEPLOYMENT, True),
        (Reason.NO_DEPLOYMENT, Reason.NO_DEPLOYMENT, False),
        (Reason.NO_DEPLOYMENT, Reason.COOLING_DOWN, True),
        (Reason.BREACHED, Reason.ALREADY_ROLLED_BACK, False),
        (Reason.BREACHED, Reason.ACTION_IN_PROGRESS, False),
        (Reason.BREACHED, Reason.NO_DEPLOYMENT, True),
        (Reason.COOLING_DOWN, Reason.BREACHED, True),
    ],
)
def test_a_decision_is_news_when_its_reason_is(told: Reason | None, comes: Reason, *, is_news: bool) -> None:
    news = News(JournalState())
    news.told_finding(finding())
    if told is not None:
        news.told_decision(decision(told))
    assert news.is_decision(decision(comes)) is is_news


def test_why_nothing_is_done_about_a_rule_that_was_never_breached_is_no_news() -> None:
    assert not News(JournalState()).is_decision(decision(Reason.NO_DATA))


def test_an_acting_decision_that_could_not_be_written_is_news_again() -> None:
    news = News(JournalState())
    news.told_finding(finding())
    news.told_decision(decision(Reason.BREACHED))
    news.forget_decision(decision(Reason.BREACHED))
    assert news.is_decision(decision(Reason.NO_DEPLOYMENT))


def moved(at_ms: int, status: str, weight_percent: int) -> Deployment:
    return Deployment(
        id=f"d-{at_ms}-{status}",
        at_ms=at_ms,
        subject="prod-deploy-1",
        status=status,  # type: ignore[arg-type]  # a table of plain words
        weight_percent=weight_percent,
    )


@pytest.mark.parametrize(
    ("fact", "is_news"),
    [
        (moved(1_000, "in_progress", 25), False),
        (moved(999, "started", 5), False),
        (moved(1_000, "succeeded", 100), True),
        (moved(1_001, "in_progress", 25), True),
    ],
)
def test_a_deployment_is_news_when_it_moved_since(fact: Deployment, *, is_news: bool) -> None:
    known = release(id="prod-deploy-1", weight_percent=25, changed_at_ms=1_000)
    assert News(JournalState()).is_deployment(fact, JournalState(deployments={known.id: known})) is is_news
