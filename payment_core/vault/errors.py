"""The faults of the vault, one small tree."""

from payment_core.errors import CoreError


class VaultError(CoreError):
    """The vault cannot do what was asked."""


class MalformedNumber(VaultError):
    """This is not a number that can be kept."""


class KeyDisabled(VaultError):
    """The encryption key is disabled, so no new card is taken; enable it in KMS."""


class KeyPendingDeletion(VaultError):
    """The encryption key is about to be deleted, so no new card is taken; cancel the deletion in KMS."""


class KeyMissing(VaultError):
    """The encryption key does not exist; check its id, region and account."""


class KeyAccessDenied(VaultError):
    """The payment core may not use the encryption key; check the key policy and the task's role."""


class KeyUnavailable(VaultError):
    """The key service does not answer."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True


class KeyFileUnusable(VaultError):
    """The file of master keys cannot be used."""


class DataKeyErased(VaultError):
    """The data key was erased from memory before it was used; ask for the current one."""

    @property
    def retryable(self) -> bool:
        """Yes: there is a newer key."""
        return True


class DataKeyGone(VaultError):
    """The data key's row does not exist, so nothing may be sealed under it."""

    @property
    def retryable(self) -> bool:
        """Yes: with another data key."""
        return True


class DataKeyInUse(VaultError):
    """The data key still protects records or may still be sealing new ones, so it is kept."""


class TamperedRecord(VaultError):
    """What was stored is not what was sealed: its authentication failed."""


class TokenUnknown(VaultError):
    """There is no such token."""


class TokenShredded(VaultError):
    """The number behind this token was destroyed on request and cannot be had again."""


class AuditUnavailable(VaultError):
    """The audit row could not be written, so nothing was revealed."""

    @property
    def retryable(self) -> bool:
        """Yes: nothing about the request was wrong."""
        return True
