"""The states of entries and files, and the only ways from one to another."""

from types import MappingProxyType
from typing import Literal

from payment_core.errors import IllegalTransition

EntryStatus = Literal["queued", "claimed", "built", "submitted", "acknowledged", "settled", "returned", "canceled"]
FileStatus = Literal[
    "claiming",
    "building",
    "built",
    "sending",
    "submitted",
    "acknowledged",
    "rejected",
    "settled",
    "abandoned",
]

ENTRY_TRANSITIONS: MappingProxyType[EntryStatus, frozenset[EntryStatus]] = MappingProxyType(
    {
        "queued": frozenset({"claimed", "canceled"}),
        "claimed": frozenset({"queued", "built", "canceled"}),
        "built": frozenset({"submitted"}),
        "submitted": frozenset({"acknowledged", "settled", "returned", "canceled"}),
        "acknowledged": frozenset({"settled", "returned"}),
        "settled": frozenset({"returned"}),
        "returned": frozenset(),
        "canceled": frozenset(),
    }
)
"""claimed -> queued: its file was given up before it had bytes. submitted -> canceled: the bank refused the file.

settled has a way on: a return may come 60 days later.
"""

FILE_TRANSITIONS: MappingProxyType[FileStatus, frozenset[FileStatus]] = MappingProxyType(
    {
        "claiming": frozenset({"building", "abandoned"}),
        "building": frozenset({"built", "abandoned"}),
        "built": frozenset({"sending"}),
        "sending": frozenset({"sending", "submitted"}),
        "submitted": frozenset({"acknowledged", "rejected", "settled"}),
        "acknowledged": frozenset({"settled"}),
        "rejected": frozenset(),
        "settled": frozenset(),
        "abandoned": frozenset(),
    }
)
"""sending is the intent, written before the bytes leave; sending -> sending: another attempt with the same bytes."""

ENTRY_AFTER: MappingProxyType[FileStatus, EntryStatus] = MappingProxyType(
    {
        "built": "built",
        "submitted": "submitted",
        "acknowledged": "acknowledged",
        "rejected": "canceled",
        "settled": "settled",
        "abandoned": "queued",
    }
)
"""What the entries of a file become once the file is in such a state; the other states do not touch them."""


def next_entry_status(status: EntryStatus, wanted: EntryStatus) -> EntryStatus:
    """The wanted state; raises IllegalTransition when there is no way to it."""
    if wanted not in ENTRY_TRANSITIONS[status]:
        raise IllegalTransition(f"ACH entry: {status} to {wanted}.")
    return wanted


def next_file_status(status: FileStatus, wanted: FileStatus) -> FileStatus:
    """The wanted state; raises IllegalTransition when there is no way to it."""
    if wanted not in FILE_TRANSITIONS[status]:
        raise IllegalTransition(f"ACH file: {status} to {wanted}.")
    return wanted
