"""How far the fraud scores of the new version are from those of the old one."""

from math import log, sqrt

import msgspec

SCORE_MAX = 1000
WIDTH = 10
"""Points to a bucket; a difference within one cannot be seen and moves no decision."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """distance: the largest difference of the two shares of payments at or below a score, 0 to 1; there it is largest.

    chance: a distance that two equal versions do not reach, but for false_alarm. new, old: scores seen of each.
    """

    distance: float
    at_score: int
    chance: float
    new: int
    old: int


class Scores:
    """Counts of scores of both versions; a payment without a score counts in neither."""

    def __init__(self) -> None:
        self._new = [0] * (SCORE_MAX // WIDTH + 1)
        self._old = [0] * (SCORE_MAX // WIDTH + 1)
        self._judged: Drift | None = None
        self._next = 0

    def take(self, score: int, *, is_new: bool) -> None:
        """One score, 0 to 1000."""
        (self._new if is_new else self._old)[min(score, SCORE_MAX) // WIDTH] += 1

    @property
    def seen(self) -> int:
        """Scores of the new version."""
        return sum(self._new)

    def drift(self, samples: int, false_alarm: float) -> Drift | None:
        """The distance as of the newest look; None before the first.

        Looks are taken at so many scores of the new version, at twice and at four times as many, and so on: what is
        looked at all the time is wrong some time. Look j has ``false_alarm / 2^j`` of the error, and for n and m scores
        ``2 exp(-2 d^2 n m / (n + m))`` bounds how often chance reaches d (P. Massart, The tight constant in the
        Dvoretzky-Kiefer-Wolfowitz inequality, 1990; for two samples F. Wei and R. Dudley, 2012).
        """
        if self._next == 0:
            self._next = samples
        new, old = self.seen, sum(self._old)
        if new < self._next or old < samples:
            return self._judged
        while self._next <= new:
            self._next *= 2
        look = (self._next // samples).bit_length() - 1
        error = false_alarm / 2**look
        distance, at_score = self._distance(new, old)
        chance = sqrt(log(2 / error) * (new + old) / (2 * new * old))
        self._judged = Drift(distance=distance, at_score=at_score, chance=chance, new=new, old=old)
        return self._judged

    def _distance(self, new: int, old: int) -> tuple[float, int]:
        below_new = below_old = 0
        widest, place = 0.0, 0
        for bucket, (one, other) in enumerate(zip(self._new, self._old, strict=True)):
            below_new += one
            below_old += other
            apart = abs(below_new / new - below_old / old)
            if apart > widest:
                widest, place = apart, bucket
        return widest, min((place + 1) * WIDTH - 1, SCORE_MAX)
