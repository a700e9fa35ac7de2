"""The figures on top of a page: the few numbers that answer its question."""

from dataclasses import dataclass
from typing import Literal

from daemon.http.words.wording import NO_DATA

Tone = Literal["", "good", "bad", "odd"]
"""How a value is marked; its words say the same."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name. note: what it is held against, or how old it is. href: the page that has more."""

    label: str
    shown: str
    note: str = ""
    tone: Tone = ""
    href: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is a number at all."""
        return self.shown != NO_DATA


def dollars(cents: int) -> str:
    """Minor units as people write them: ``$1,234.56``, ``-$0.05``."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}${whole // 100:,}.{whole % 100:02d}"
