"""Which side has the word for a customer or a provider: the flag says so, as far as evidence and the jobs allow."""

from typing import Literal

import msgspec

from payment_core.flags.declared import MIGRATION_CUT_OVER, Context, Gates
from payment_core.migration.running.model import NoReturn
from payment_core.origin import Origin

NEW, OLD = "new", "old"


class Authority(msgspec.Struct, frozen=True):
    """side: whose record counts. reason: why, for the person who wonders. flag: what the flag says by itself."""

    side: Literal["old", "new"]
    reason: str
    flag: str


class Standing(msgspec.Struct, frozen=True):
    """What cut-over rests on, as it was last looked at. wanting: what is still to be shown. allowed: it was all shown.

    no_return: there is no way back since a job began; None while there is one.
    """

    wanting: tuple[str, ...] = ("not looked at yet",)
    allowed: bool = False
    no_return: NoReturn | None = None


class CutOver:
    """Sticky by customer: the flag's rule decides by the id alone, and the same document gives the same answer."""

    def __init__(self, flags: Gates, origin: Origin) -> None:
        self._flags = flags
        self._origin = origin
        self.standing = Standing()

    def authority(self, owner_id: str) -> Authority:
        """Whose record counts for this customer or provider. What is not known is answered with the old side."""
        flag = self._flags.variant(MIGRATION_CUT_OVER, self._context(owner_id))
        no_return = self.standing.no_return
        if no_return is not None:
            why = f"past the point of no return since {no_return.job} began: the new side is mended, not left"
            return Authority("new", why if flag == OLD else "cut over for good", flag)
        if flag != NEW:
            return Authority("old", "the flag migration-cut-over says old", flag)
        if not self.standing.allowed:
            return Authority("old", f"not yet allowed: {'; '.join(self.standing.wanting)}", flag)
        return Authority("new", "cut over", flag)

    def _context(self, owner_id: str) -> Context:
        return {
            "targetingKey": owner_id,
            "environment": self._origin.environment,
            "region": self._origin.region,
            "release": self._origin.release,
        }
