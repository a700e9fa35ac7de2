"""The keys of hashes as the store holds them."""

from payment_core.store.records import Record


class SealedHashKeys(Record, frozen=True, gc=False, kw_only=True, tag="hash_keys"):
    """The keys of hashes, sealed under a data key of the vault."""

    sealed: bytes
