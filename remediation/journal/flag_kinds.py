"""What the journal says about flags: each change of one, and each other document."""

import msgspec

from remediation.flags.model import FlagChange, Setting


class FlagChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A flag serves something else from here on; the entry's sequence is the version that says so, its actor who.

    key: equal for what is done once only. setting: of set, ramp, finish and revert, absolutely; None: as the document
    says. kill and revive leave it as it is.
    """

    flag: str
    what: FlagChange
    reason: str
    key: str
    setting: Setting | None = None


class FlagDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Another ``flags.json`` is in effect. document: all of it, as JSON text. digest: its SHA-256."""

    digest: str
    document: str


FlagBody = FlagChanged | FlagDocument

FLAG_TYPE_BY_KIND: dict[str, type[FlagBody]] = {
    "flag.changed": FlagChanged,
    "flag.document": FlagDocument,
}
