"""What becomes of a provider whose name is, or may be, on a list of names that must not be paid."""

from typing import Protocol, assert_never

import msgspec

from payment_core.fraud.screening import Screened, ScreeningAnswer
from payment_core.origin import Origin
from payment_core.providers.case_opening import open_case
from payment_core.providers.model import Provider
from payment_core.store.port import Transaction

SUSPENDED_BY_SCREENING = "name screening"


class NameScreen(Protocol):
    """Compares a name with the list, in memory."""

    def screen(self, name: str) -> Screened:
        """Whether the name is on the list."""
        ...


def screened(transaction: Transaction, origin: Origin, provider: Provider, answer: Screened) -> Provider:
    """The provider, not yet written, as the answer leaves it; a case is opened unless nothing was found.

    No answer makes anything better: what people decided, and what they still have to decide, stays.
    """
    match answer.answer:
        case ScreeningAnswer.NO_MATCH:
            return provider
        case ScreeningAnswer.POSSIBLE:
            case = open_case(
                transaction,
                origin,
                "name_possible",
                provider.id,
                detail=f"The name may be on the list: {answer.likeness_percent} % alike.",
            )
            status = "needs_review" if provider.status == "active" else provider.status
            return _with(provider, case.id, status=status)
        case ScreeningAnswer.MATCH:
            case = open_case(
                transaction,
                origin,
                "name_match",
                provider.id,
                detail=f"The name is on the list: {answer.likeness_percent} % alike.",
            )
            reason = SUSPENDED_BY_SCREENING if provider.suspended_for == "" else provider.suspended_for
            return _with(provider, case.id, status="suspended", suspended_for=reason)
        case _:
            assert_never(answer.answer)


def _with(provider: Provider, case_id: str, **changes: object) -> Provider:
    return msgspec.structs.replace(provider, case_ids=(*provider.case_ids, case_id), **changes)
