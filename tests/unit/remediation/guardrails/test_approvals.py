"""Who may approve what, for how long, and that a yes is to one thing alone."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.guardrails import ApprovalRule, Approvals
from remediation.decisions import Question
from remediation.folds import apply
from remediation.guardrails.approvals import (
    REFUSAL_WORDS,
    ApprovalChange,
    ApprovalRefusal,
    ApprovalStatus,
    digest_of,
    is_approved,
    may_approve,
    may_refuse,
    newest,
    rule_of,
    status_of,
    to_ask,
    waiting_by_change,
)
from remediation.guardrails.state import APPROVALS_MAX, ApprovalState
from remediation.journal.entry import GENESIS_HASH, Entry, seal
from remediation.journal.guardrail_kinds import ApprovalAsked, ApprovalGiven, ApprovalRefused
from remediation.journal.kinds import Body, draft
from remediation.state import State
from tests.unit.remediation.worlds import NOW_MS

TWO = Approvals(rollout=ApprovalRule(needed=2, expires=3600.0))
PLAN = digest_of("plan", "1")
HOUR_MS = 3_600_000


def entry(sequence: int, body: Body, actor: str, at_ms: int) -> Entry:
    return seal(draft(body, actor=actor, at_ms=at_ms), sequence=sequence, epoch=1, previous_hash=GENESIS_HASH)


def folded(said: Iterable[tuple[Body, str, int]], state: State | None = None) -> State:
    now = State() if state is None else state
    for body, actor, at_ms in said:
        now = apply(now, entry(now.sequence + 1, body, actor, at_ms))
    return now


def rollout(digest: str = PLAN, subject: str = "dep-1") -> Question:
    return Question(change=ApprovalChange.ROLLOUT, subject=subject, digest=digest, what="2.0.0")


def asked(digest: str = PLAN, subject: str = "dep-1", at_ms: int = NOW_MS) -> ApprovalAsked:
    said = to_ask(State(), TWO, rollout(digest, subject), "ada", at_ms)
    assert said is not None
    return said


def waiting(digest: str = PLAN) -> State:
    return folded([(asked(digest), "ada", NOW_MS)])


def only(state: State) -> ApprovalState:
    [one] = state.approvals.values()
    return one


def given_by(state: State, *people: str, at_ms: int = NOW_MS) -> State:
    name = next(reversed(state.approvals))
    yes = ApprovalGiven(approval_id=name, digest=state.approvals[name].digest)
    return folded([(yes, person, at_ms) for person in people], state)


def is_go(state: State, digest: str = PLAN, at_ms: int = NOW_MS) -> bool:
    return is_approved(state, TWO, rollout(digest), at_ms)


def test_enough_different_people_make_it_approved() -> None:
    state = waiting()
    assert not is_go(state)
    assert not is_go(given_by(state, "bob"))
    assert not is_go(given_by(state, "bob", "bob"))
    assert is_go(given_by(state, "bob", "eve"))


@pytest.mark.parametrize(
    ("person", "role", "digest", "at_ms", "refusal"),
    [
        ("bob", "approver", PLAN, NOW_MS, None),
        ("bob", "admin", PLAN, NOW_MS, None),
        ("bob", "operator", PLAN, NOW_MS, ApprovalRefusal.ROLE),
        ("bob", "viewer", PLAN, NOW_MS, ApprovalRefusal.ROLE),
        ("ada", "admin", PLAN, NOW_MS, ApprovalRefusal.REQUESTER),
        ("carl", "approver", PLAN, NOW_MS, ApprovalRefusal.TWICE),
        ("bob", "approver", "another", NOW_MS, ApprovalRefusal.OTHER_DIGEST),
        ("bob", "approver", PLAN, NOW_MS + HOUR_MS - 1, None),
        ("bob", "approver", PLAN, NOW_MS + HOUR_MS, ApprovalRefusal.ENDED),
        # In order of precedence: a stranger learns nothing about the rest.
        ("ada", "operator", "another", NOW_MS + HOUR_MS, ApprovalRefusal.ROLE),
        ("ada", "admin", "another", NOW_MS + HOUR_MS, ApprovalRefusal.ENDED),
        ("ada", "admin", "another", NOW_MS, ApprovalRefusal.REQUESTER),
        ("carl", "admin", "another", NOW_MS, ApprovalRefusal.TWICE),
    ],
)
def test_a_yes_counts_only_from_the_right_person(
    person: str, role: str, digest: str, at_ms: int, refusal: ApprovalRefusal | None
) -> None:
    assert may_approve(only(given_by(waiting(), "carl")), person, role, digest, at_ms) is refusal


def test_an_approval_that_nobody_asked_for_is_unknown() -> None:
    assert may_approve(None, "bob", "admin", PLAN, NOW_MS) is ApprovalRefusal.UNKNOWN
    assert may_refuse(None, "admin", NOW_MS) is ApprovalRefusal.UNKNOWN
    state = waiting()
    assert (
        folded([(ApprovalGiven(approval_id="apr-9", digest=PLAN), "bob", NOW_MS)], state).approvals == state.approvals
    )


def test_one_refusal_ends_it_also_after_enough_have_agreed() -> None:
    state = given_by(waiting(), "bob", "eve")
    assert may_refuse(only(state), "approver", NOW_MS) is None
    state = folded([(ApprovalRefused(approval_id="apr-1", reason="not today"), "carl", NOW_MS)], state)
    assert not is_go(state)
    assert (only(state).refused_by, status_of(only(state), NOW_MS)) == ("carl", ApprovalStatus.REFUSED)
    assert may_approve(only(state), "dora", "admin", PLAN, NOW_MS) is ApprovalRefusal.ENDED
    assert may_refuse(only(state), "admin", NOW_MS) is ApprovalRefusal.ENDED


def test_whoever_asked_may_take_it_back() -> None:
    assert may_refuse(only(waiting()), "approver", NOW_MS) is None


def test_what_was_approved_and_not_begun_in_time_has_expired() -> None:
    state = given_by(waiting(), "bob", "eve")
    assert is_go(state, at_ms=NOW_MS + HOUR_MS - 1)
    assert not is_go(state, at_ms=NOW_MS + HOUR_MS)
    assert status_of(only(state), NOW_MS + HOUR_MS) is ApprovalStatus.EXPIRED


def test_only_questions_that_wait_are_counted_and_every_sort_is_there() -> None:
    nothing = {(change.value,): 0 for change in ApprovalChange}
    assert waiting_by_change(State(), NOW_MS) == nothing
    assert waiting_by_change(waiting(), NOW_MS) == nothing | {("rollout",): 1}
    assert waiting_by_change(waiting(), NOW_MS + HOUR_MS) == nothing
    assert waiting_by_change(given_by(waiting(), "bob", "eve"), NOW_MS) == nothing
    of_a_later_version = replace(only(waiting()), change="something_new")
    assert waiting_by_change(State(approvals={"apr-9": of_a_later_version}), NOW_MS) == nothing


def test_a_changed_plan_is_another_question_and_makes_the_old_one_void() -> None:
    state = given_by(waiting(), "bob", "eve")
    other = digest_of("plan", "2")
    assert not is_go(state, other)
    state = folded([(asked(other), "ada", NOW_MS)], state)
    assert [status_of(one, NOW_MS) for one in state.approvals.values()] == [ApprovalStatus.VOID, ApprovalStatus.WAITING]
    assert not is_go(state)
    assert not is_go(state, other)


def test_the_same_is_asked_again_only_when_nobody_answered_in_time() -> None:
    def again(state: State, at_ms: int) -> ApprovalAsked | None:
        return to_ask(state, TWO, rollout(), "ada", at_ms)

    state = waiting()
    assert again(state, NOW_MS + HOUR_MS - 1) is None
    assert again(state, NOW_MS + HOUR_MS) is not None
    refused = folded([(ApprovalRefused(approval_id="apr-1", reason="no"), "bob", NOW_MS)], state)
    assert again(refused, NOW_MS + HOUR_MS) is None


def test_where_nobody_is_needed_nobody_is_asked() -> None:
    nobody = Approvals(rollout=ApprovalRule(needed=0))
    assert is_approved(State(), nobody, rollout(), NOW_MS)
    assert to_ask(State(), nobody, rollout(), "ada", NOW_MS) is None


@pytest.mark.parametrize("change", list(ApprovalChange))
def test_each_sort_of_change_has_its_rule(change: ApprovalChange) -> None:
    assert rule_of(change, Approvals()) is getattr(Approvals(), change.value)
    assert set(ApprovalChange) == set(Approvals.model_fields)


def test_every_refusal_has_words() -> None:
    assert set(REFUSAL_WORDS) == set(ApprovalRefusal)


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.text(max_size=5), max_size=5))
def test_other_parts_have_another_digest(one: list[str], other: list[str]) -> None:
    assert (digest_of(*one) == digest_of(*other)) is (one == other)


def test_questions_are_bounded_and_those_that_are_over_go_first() -> None:
    first = folded([(asked(subject="kept"), "ada", NOW_MS)])
    others = [(asked(digest=f"d{index}", subject="dep-1"), "ada", NOW_MS) for index in range(APPROVALS_MAX + 20)]
    state = folded(others, first)
    assert len(state.approvals) == APPROVALS_MAX
    assert state.approvals["apr-1"].subject == "kept"
    assert newest(state, rollout(f"d{APPROVALS_MAX + 19}")) is not None


PEOPLE = st.sampled_from(["ada", "bob", "carl", "dora"])
ROLES = st.sampled_from(["viewer", "operator", "approver", "admin"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PEOPLE, ROLES, st.booleans(), st.integers(0, 2 * HOUR_MS)), max_size=12))
def test_nothing_is_ever_approved_without_enough_different_others(
    answers: list[tuple[str, str, bool, int]],
) -> None:
    state, agreed, now_ms = waiting(), set(), NOW_MS
    for person, role, right, later_ms in answers:
        now_ms = max(now_ms, NOW_MS + later_ms)
        digest = PLAN if right else "another"
        if may_approve(only(state), person, role, digest, now_ms) is None:
            state = folded([(ApprovalGiven(approval_id="apr-1", digest=digest), person, now_ms)], state)
            agreed.add(person)
    if is_go(state, at_ms=now_ms):
        assert len(agreed - {"ada"}) >= 2
        assert now_ms < NOW_MS + HOUR_MS
