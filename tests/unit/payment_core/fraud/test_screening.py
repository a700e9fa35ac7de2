"""A listed name is found however it is written, and another name is not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.fraud import Screening
from config.load import DEFAULTS
from payment_core.fraud.screening import (
    Screened,
    Screener,
    ScreeningAnswer,
    ScreeningListUnusable,
    normal_form,
    read_names,
)

LIST = DEFAULTS / "screening.csv"
SCREENER = Screener(read_names(LIST), Screening())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Varkonius Dreel", ScreeningAnswer.MATCH),
        ("DREEL, Varkonius", ScreeningAnswer.MATCH),
        ("  varkonius   dreel ", ScreeningAnswer.MATCH),
        ("Várkönius Dréel", ScreeningAnswer.MATCH),
        ("\uff36\uff41\uff52\uff4bonius Dreel", ScreeningAnswer.MATCH),
        ("Var\u200bkonius Dre\u00adel", ScreeningAnswer.MATCH),
        ("Varkonius Dreell", ScreeningAnswer.MATCH),
        ("Varkonis Drel", ScreeningAnswer.POSSIBLE),
        ("Varkonius Emil Dreel", ScreeningAnswer.POSSIBLE),
        ("Golden Lynx", ScreeningAnswer.POSSIBLE),
        ("OSTRAVA MERIDIAN TRADING L.L.C.", ScreeningAnswer.POSSIBLE),
        ("Tamsin Uqbar Holloway", ScreeningAnswer.MATCH),
        ("Норберт Квазимов", ScreeningAnswer.MATCH),
        ("норберт квазимов", ScreeningAnswer.MATCH),
        ("Norbert Kvazimov", ScreeningAnswer.MATCH),
        ("Dreel", ScreeningAnswer.NO_MATCH),
        ("Maria Lopez", ScreeningAnswer.NO_MATCH),
        ("Golden Gate Plumbing", ScreeningAnswer.NO_MATCH),
        ("Norbert Miller", ScreeningAnswer.NO_MATCH),
        ("", ScreeningAnswer.POSSIBLE),
        ("... - '", ScreeningAnswer.POSSIBLE),
    ],
)
def test_a_name_is_judged_by_what_it_says(name: str, answer: ScreeningAnswer) -> None:
    assert SCREENER.screen(name).answer is answer
    assert SCREENER.screen(name) == SCREENER.screen(name)


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=8), min_size=1, max_size=5), st.data())
def test_order_case_and_punctuation_do_not_matter(words: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(words))
    assert normal_form(" ".join(words)) == normal_form(", ".join(word.upper() for word in shuffled))


def test_the_thresholds_are_the_operators() -> None:
    names = ["abcdefghij"]
    assert Screener(names, Screening(possible_percent=85, match_percent=95)).screen("abcdefghix") == Screened(
        ScreeningAnswer.POSSIBLE, 90
    )
    assert Screener(names, Screening(possible_percent=50, match_percent=90)).screen("abcdefghix") == Screened(
        ScreeningAnswer.MATCH, 90
    )
    assert Screener(names, Screening(possible_percent=91)).screen("abcdefghix").answer is ScreeningAnswer.NO_MATCH


def test_an_answer_never_shows_a_name() -> None:
    assert "dreel" not in repr(SCREENER.screen("Varkonius Dreel")).lower()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no names"),
        (b"# only a comment\n\n", "no names"),
        (b"Good Name\n\xff\n", ":2: not UTF-8"),
        (b'Good Name\n"unclosed\n', ":2: no CSV"),
        (b"Good Name\n---,x\n", ":2: a name without letters"),
        (b"x" * 300, ":1: a name of more than 200"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes(content)
    with pytest.raises(ScreeningListUnusable, match=what):
        read_names(path)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreeningListUnusable, match="No such file"):
        read_names(tmp_path / "nowhere.csv")


def test_names_and_aliases_of_a_list_are_read_and_quoted_commas_kept(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text('\ufeff# comment\n"Dreel, Varkonius",Varko\n\nOther One\n', encoding="utf-8")
    assert read_names(path) == ["Dreel, Varkonius", "Varko", "Other One"]
    assert len(Screener(read_names(path), Screening())) == 3
