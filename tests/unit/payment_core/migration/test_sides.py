"""Two sides are equal when count, sums and every record are; one cent, one row or one bit is a difference."""

from hypothesis import given
from hypothesis import strategies as st

from payment_core.migration.proof.sides import Line, Side, Sum, differences, joined, side_differences, side_of

LINES = st.lists(
    st.builds(Line, st.text("abc", max_size=3), st.just("0f"), st.integers(-100, 100), st.sampled_from(["", "USD"])),
    max_size=6,
)


@given(lines=LINES)
def test_a_side_is_equal_to_itself_alone(lines: list[Line]) -> None:
    side = side_of(lines)
    assert list(side_differences(side, side_of(list(lines)))) == []
    assert side != side_of([*lines, Line("more", "0f")])
    assert list(differences(lines, lines)) == []


def test_one_cent_one_row_and_one_bit_are_said_with_both_sides() -> None:
    ours = [Line("charges:ch_1", "aa", 100, "USD"), Line("charges:ch_2", "bb", 50, "EUR")]
    cent = [Line("charges:ch_1", "aa", 101, "USD"), ours[1]]
    found = [(one.what, one.source, one.target) for one in side_differences(side_of(ours), side_of(cent))]
    assert found[0] == ("USD", "100", "101")
    assert [one.what for one in side_differences(side_of(ours), side_of(ours[:1]))] == ["count", "EUR", "hash"]
    bit = [Line("charges:ch_1", "ab", 100, "USD"), ours[1]]
    assert [one.what for one in side_differences(side_of(ours), side_of(bit))] == ["hash"]
    assert [one.what for one in differences(ours, [ours[0], None])] == ["charges:ch_2"]


def test_sides_add_up_and_their_hashes_depend_on_the_order() -> None:
    one, two = side_of([Line("a", "1", 3, "USD")]), side_of([Line("b", "2", -5, "USD"), Line("c", "3", 7, "EUR")])
    both = joined(joined(Side(), one), two)
    assert (both.count, both.sums) == (3, (Sum("EUR", 7), Sum("USD", -2)))
    assert both.sha256 != joined(joined(Side(), two), one).sha256
