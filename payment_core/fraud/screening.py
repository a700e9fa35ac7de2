"""Names held against a list of names that must not be paid, however they are written."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
from rapidfuzz import fuzz, process

from config.fraud import Screening
from payment_core.errors import CoreError

NAME_LENGTH_MAX = 200
"""Characters of a name; the longest on a public list has 112, and comparing takes time with the length."""
NAMES_MAX = 200_000
"""Names and aliases; OFAC's list holds some 40,000."""
FILE_BYTES_MAX = 32 * 1024 * 1024
REMEMBERED = 50_000
"""Answers kept, because the same payee is screened with every payout."""
_SHARED_WORDS_MIN = 2
"""One shared word is a common first name."""
_WORD = re.compile(r"[^\W_]+")
_NOT_SPOKEN = re.compile(r"['\u2019\u02bc\u00ad\u200b-\u200d\u2060\ufeff]")
_UNDECOMPOSED = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d", "þ": "th"})


class ScreeningListUnusable(CoreError):
    """The list of names that must not be paid cannot be used, so nobody can be screened."""


class ScreeningAnswer(StrEnum):
    """Whether a name is on the list."""

    NO_MATCH = "no_match"
    POSSIBLE = "possible"
    MATCH = "match"


class Screened(msgspec.Struct, frozen=True, gc=False):
    """The answer, and how alike the most similar listed name is: 0 to 100. Neither name is in it."""

    answer: ScreeningAnswer
    likeness_percent: int


def normal_form(name: str) -> str:
    """The words of a name in alphabetical order, without case, accents, punctuation and invisible characters."""
    decomposed = unicodedata.normalize("NFKD", _NOT_SPOKEN.sub("", name).casefold().translate(_UNDECOMPOSED))
    spoken = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(sorted(_WORD.findall(spoken.casefold())))


class Screener:
    """Compares names with a list; pure and in memory.

    A name whose words, two at least, are all in a listed name, or the other way round, is possible: a middle name was
    left out. A name without a single letter or digit is possible too: there is nothing that clears it.
    """

    def __init__(self, names: Iterable[str], policy: Screening) -> None:
        self._policy = policy
        self._listed = tuple(dict.fromkeys(form for name in names if (form := normal_form(name))))
        self._words = tuple(frozenset(form.split()) for form in self._listed)
        self._by_word: dict[str, list[int]] = {}
        for position, words in enumerate(self._words):
            for word in words:
                self._by_word.setdefault(word, []).append(position)
        self._answers: dict[str, Screened] = {}

    def __len__(self) -> int:
        return len(self._listed)

    def screen(self, name: str) -> Screened:
        """Whether the name is on the list; a name longer than the limit is judged by its beginning."""
        form = normal_form(name[:NAME_LENGTH_MAX])
        known = self._answers.get(form)
        if known is None:
            known = self._compare(form)
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            self._answers[form] = known
        return known

    def _compare(self, form: str) -> Screened:
        policy = self._policy
        if not form:
            return Screened(ScreeningAnswer.POSSIBLE, 0)
        found = process.extractOne(form, self._listed, scorer=fuzz.ratio, score_cutoff=policy.possible_percent)
        likeness = 0 if found is None else int(found[1])
        if likeness >= policy.match_percent:
            return Screened(ScreeningAnswer.MATCH, likeness)
        if likeness >= policy.possible_percent or self._contains(frozenset(form.split())):
            return Screened(ScreeningAnswer.POSSIBLE, max(likeness, policy.possible_percent))
        return Screened(ScreeningAnswer.NO_MATCH, likeness)

    def _contains(self, words: frozenset[str]) -> bool:
        """Whether all words of the shorter of the two names are in the longer one."""
        candidates = {position for word in words for position in self._by_word.get(word, ())}
        return any(
            min(len(words), len(self._words[position])) >= _SHARED_WORDS_MIN
            and (words <= self._words[position] or words >= self._words[position])
            for position in candidates
        )


def read_names(path: Path) -> list[str]:
    """Names and aliases of a CSV file: one person a line, name first; ``#`` begins a comment line.

    Raises ScreeningListUnusable with file and line; an empty list is refused, because it would clear everybody.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScreeningListUnusable(f"{path}: {error.strerror}; give the path of a CSV file.") from None
    if len(content) > FILE_BYTES_MAX:
        raise ScreeningListUnusable(f"{path}: larger than {FILE_BYTES_MAX // 1024**2} MiB; is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScreeningListUnusable(f"{path}:{line}: not UTF-8; save the file as UTF-8.") from None
    names = list(_names(path, text))
    if not names:
        raise ScreeningListUnusable(f"{path}: no names; an empty list would clear everybody.")
    return names


def _names(path: Path, text: str) -> Iterator[str]:
    count = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            cells = next(csv.reader([line], strict=True))
        except csv.Error as error:
            raise ScreeningListUnusable(f"{path}:{number}: no CSV ({error}); quote a name that has a comma.") from None
        for cell in filter(str.strip, cells):
            count += 1
            if count > NAMES_MAX:
                raise ScreeningListUnusable(f"{path}:{number}: more than {NAMES_MAX} names; split the list.")
            if len(cell) > NAME_LENGTH_MAX:
                raise ScreeningListUnusable(f"{path}:{number}: a name of more than {NAME_LENGTH_MAX} characters.")
            if not normal_form(cell):
                raise ScreeningListUnusable(f"{path}:{number}: a name without letters; remove it.")
            yield cell
