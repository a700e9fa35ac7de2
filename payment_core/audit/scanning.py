"""Adds all stored documents up while payments change them, and the rows of the trail that had been written by then."""

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from payment_core.audit.sums import DocumentSums
from payment_core.store.port import TrailBooks
from payment_core.store.trail import AuditRow

PAGE = 200
"""Documents of one step: some 2 ms, in which no payment has its turn."""


class _Pages(msgspec.Struct):
    """The pages of one kind. lasts, heads: of each full page its last id, and where the trail ended. rest: behind."""

    lasts: list[str]
    heads: list[dict[int, int]]
    rest: dict[int, int]


class DocumentScan:
    """Documents are read a page at a time, each as the rows up to certain heads left it.

    A row counts when it lies in front of the heads of its document's page. So both sides are of the same moment, page
    by page, although there is no moment at which all of them were read. rows: the sums of the rows so far.
    """

    def __init__(self, rows: DocumentSums, kinds: Iterable[str]) -> None:
        self._rows = rows.copy()
        self._stored = DocumentSums()
        self._pages = {kind: _Pages([], [], {}) for kind in sorted(kinds)}
        self._left = sorted(kinds, reverse=True)
        self._after = ""
        self.documents = 0

    async def step(self, books: TrailBooks) -> bool:
        """Read a page; False when all were."""
        if not self._left:
            return False
        kind = self._left[-1]
        page = await books.documents(kind, self._after, PAGE)
        for document_id, body in page.bodies:
            self._stored.store(kind, document_id, body)
        self.documents += len(page.bodies)
        pages = self._pages[kind]
        if page.bodies:
            self._after = page.bodies[-1][0]
            pages.lasts.append(self._after)
            pages.heads.append(page.heads)
        else:
            pages.rest = page.heads
            self._left.pop()
            self._after = ""
        return True

    def take(self, row: AuditRow) -> None:
        """Add a row that was written since the scan began, if its document was read after it."""
        pages = self._pages.get(row.kind)
        if pages is None:
            return
        position = bisect_left(pages.lasts, row.id)
        heads = pages.heads[position] if position < len(pages.lasts) else pages.rest
        if row.sequence <= heads.get(row.shard, 0):
            self._rows.take(row)

    def differing(self) -> frozenset[int]:
        """Buckets in which a document is not as its rows left it, once the rows up to all heads were taken."""
        return self._rows.differing(self._stored)
