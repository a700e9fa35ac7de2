"""What callers send about ACH files, entries and cases."""

from typing import Annotated

import msgspec


class SubmitRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """not_delivered: you have asked the bank, and it has not got the file whose sending is in doubt."""

    not_delivered: bool = False


class AcknowledgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bank said about a file. reason: why it refused it."""

    accepted: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class CloseCaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """note: what was decided."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
