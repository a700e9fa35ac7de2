"""Whether every process could read what would be served: flagd's format, and what the house asks beyond it."""

import asyncio
from functools import partial

from payment_core.flags import DocumentUnreadable, Evaluator, compile_document
from remediation.errors import WorldRefused
from remediation.flags.checked import problems_of
from remediation.flags.document import base_of, document_of, text_of
from remediation.flags.state import FlagBook

PROBLEM_CHARACTERS_MAX = 1_000


def compiled(book: FlagBook, previous: Evaluator | None = None) -> Evaluator:
    """What would be served, compiled; takes processor time. Raises WorldRefused with every problem and its place."""
    problems = problems_of(book)
    if problems:
        raise WorldRefused("; ".join(problems)[:PROBLEM_CHARACTERS_MAX])
    text = text_of(document_of(base_of(book), book))
    try:
        return compile_document(text, previous=previous)
    except DocumentUnreadable as fault:
        raise WorldRefused("; ".join(map(str, fault.problems))[:PROBLEM_CHARACTERS_MAX]) from fault


async def looked_at(book: FlagBook, previous: Evaluator | None) -> Evaluator:
    """The same beside the loop: compiling hundreds of flags takes as long as many payments."""
    return await asyncio.to_thread(partial(compiled, book, previous))
