"""What the journal's entries about flags come to: versions only grow, and a kill wins until it is taken back."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.flags.document import Document, base_of, document_of, text_of
from remediation.flags.model import FlagChange, Setting
from remediation.flags.state import HISTORY_MAX, FlagBook
from remediation.journal.flag_kinds import FlagBody, FlagChanged
from tests.unit.remediation.flags.journal_of_flags import (
    BASE,
    DOCUMENT,
    OFF,
    ON,
    book_of,
    changed,
    ramp_at,
)

SETTINGS = st.sampled_from((None, ON, OFF, ramp_at(5), ramp_at(50), Setting(variant="off", targeting=None)))
CHANGES = st.builds(
    changed,
    st.sampled_from(tuple(FlagChange)),
    SETTINGS,
    flag=st.sampled_from(("payouts", "search")),
    key=st.text(alphabet="abcdef", min_size=8, max_size=8),
)
HISTORIES = st.lists(CHANGES, max_size=12)
FEW = settings(max_examples=40)


def served(book: FlagBook, flag: str = "payouts") -> Document:
    """What the document says of one flag."""
    found: Document = document_of(BASE, book)["flags"][flag]
    return found


@FEW
@given(HISTORIES)
def test_every_entry_is_a_later_version_and_no_other_flag_moves(history: list[FlagChanged]) -> None:
    book = book_of([DOCUMENT])
    for body in history:
        after = book_of([body], book)
        assert after.version == book.version + 1
        others = [key for key in BASE["flags"] if key != body.flag]
        assert all(served(after, key) == served(book, key) for key in others)
        book = after


@FEW
@given(HISTORIES, HISTORIES)
def test_a_kill_wins_over_everything_that_is_said_before_and_after_it(
    before: list[FlagChanged], after: list[FlagChanged]
) -> None:
    never_revived = [body for body in after if body.what is not FlagChange.REVIVE]
    book = book_of([DOCUMENT, *before, changed(FlagChange.KILL), *never_revived])
    flag = served(book)
    assert flag["defaultVariant"] == "off"
    assert flag["state"] == "ENABLED"
    assert flag["metadata"]["killed"] is True
    assert "targeting" not in flag


@FEW
@given(HISTORIES, HISTORIES)
def test_a_revived_flag_serves_exactly_what_it_served_before_the_kill(
    before: list[FlagChanged], during: list[FlagChanged]
) -> None:
    alive = book_of([DOCUMENT, *before, changed(FlagChange.REVIVE)])
    never_revived = [body for body in during if body.what is not FlagChange.REVIVE]
    book = book_of([changed(FlagChange.KILL), *never_revived, changed(FlagChange.REVIVE)], alive)
    assert served(book) == served(alive)
    assert book.of("payouts").setting == alive.of("payouts").setting


@FEW
@given(HISTORIES)
def test_the_same_entries_give_the_same_bytes(history: list[FlagChanged]) -> None:
    one, other = book_of([DOCUMENT, *history]), book_of([DOCUMENT, *history])
    assert text_of(document_of(base_of(one), one)) == text_of(document_of(base_of(other), other))


def test_a_flag_that_was_never_changed_is_as_the_document_says() -> None:
    assert document_of(BASE, book_of([DOCUMENT])) == BASE


def test_a_pinned_flag_serves_its_variant_to_everybody() -> None:
    flag = served(book_of([DOCUMENT, changed(FlagChange.SET, ON, flag="search")]), "search")
    assert (flag["defaultVariant"], "targeting" in flag) == ("on", False)


def test_a_flag_that_the_document_does_not_have_stays_unknown() -> None:
    book = book_of([DOCUMENT, changed(FlagChange.KILL, flag="gone")])
    assert set(document_of(BASE, book)["flags"]) == set(BASE["flags"])


def test_a_ramp_gives_the_new_variant_first_so_that_nobody_changes_sides_when_it_grows() -> None:
    flag = served(book_of([DOCUMENT, changed(FlagChange.RAMP, ramp_at(25))]))
    assert flag["targeting"]["fractional"][1:] == [["on", 25], ["off", 75]]
    assert flag["defaultVariant"] == "off"


def test_a_ramp_leaves_those_alone_whom_the_document_gives_a_variant() -> None:
    flag = served(book_of([DOCUMENT, changed(FlagChange.RAMP, ramp_at(25), flag="search")]), "search")
    test, sides, own = flag["targeting"]["if"]
    assert own == BASE["flags"]["search"]["targeting"]
    assert test == {"===": [own, None]}
    assert "fractional" in sides


def test_the_document_is_not_changed_by_what_is_served() -> None:
    before = json.dumps(BASE, sort_keys=True)
    served(book_of([DOCUMENT, changed(FlagChange.KILL), changed(FlagChange.RAMP, ramp_at(5), flag="search")]))
    assert json.dumps(BASE, sort_keys=True) == before


def test_reverting_goes_back_to_before_the_whole_ramp_and_only_once() -> None:
    said: list[FlagBody] = [DOCUMENT, changed(FlagChange.SET, OFF)]
    said += [changed(FlagChange.RAMP, ramp_at(share)) for share in (5, 25)]
    flag = book_of(said).of("payouts")
    assert (flag.before, flag.revertible) == (OFF, True)
    finished = book_of([*said, changed(FlagChange.FINISH, ON)]).of("payouts")
    assert (finished.setting, finished.before, finished.ramp) == (ON, OFF, None)
    reverted = book_of([*said, changed(FlagChange.REVERT, OFF)]).of("payouts")
    assert (reverted.setting, reverted.revertible) == (OFF, False)


def test_another_ramp_goes_back_to_the_one_that_it_replaced() -> None:
    first, second = ramp_at(25, name="r1"), ramp_at(5, name="r2")
    flag = book_of([DOCUMENT, changed(FlagChange.RAMP, first), changed(FlagChange.RAMP, second)]).of("payouts")
    assert flag.before == first


def test_what_was_said_while_a_flag_was_killed_is_in_its_history_as_void() -> None:
    flag = book_of([DOCUMENT, changed(FlagChange.KILL), changed(FlagChange.SET, ON)]).of("payouts")
    assert [(one.what, one.void) for one in flag.history] == [(FlagChange.KILL, False), (FlagChange.SET, True)]


def test_a_history_keeps_the_newest() -> None:
    said = [changed(FlagChange.SET, ON, key=str(number)) for number in range(HISTORY_MAX + 5)]
    book = book_of([DOCUMENT, *said])
    assert len(book.of("payouts").history) == HISTORY_MAX
    assert book.made_by("payouts", "0") is None
    newest = book.made_by("payouts", str(HISTORY_MAX + 4))
    assert newest is not None
    assert newest.version == book.version


def test_a_killed_flag_has_no_ramp_under_way_and_is_named() -> None:
    book = book_of([DOCUMENT, changed(FlagChange.RAMP, ramp_at(5)), changed(FlagChange.KILL)])
    assert (book.killed, book.ramps) == (("payouts",), {})
