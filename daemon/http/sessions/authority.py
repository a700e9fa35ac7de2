"""Who may do what: bearer tokens by their SHA-256, and roles that include each other."""

import hashlib
import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from config.settings import Role, Token

ROLES: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")
"""Each role may do what the roles before it may."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. name is the token's, and becomes the actor in the journal."""

    name: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Whether the role includes the needed one."""
        return ROLES.index(self.role) >= ROLES.index(needed)


class Authority:
    """Knows the tokens' digests. tokens: as they are at this moment."""

    def __init__(self, tokens: Callable[[], Sequence[Token]]) -> None:
        self._tokens = tokens

    @property
    def names(self) -> Collection[str]:
        """What the holders of tokens are called."""
        return {token.name for token in self._tokens()}

    def by_token(self, secret: str) -> Principal | None:
        """The owner of a bearer token; nobody's is empty."""
        return self.by_digest(digest_of(secret)) if secret else None

    def by_digest(self, digest: str) -> Principal | None:
        """The owner of the token with this SHA-256; every known one is compared, so time tells nothing."""
        found: Principal | None = None
        for token in self._tokens():
            if hmac.compare_digest(digest, token.sha256):
                found = Principal(token.name, token.role)
        return found

    def by_header(self, authorization: str) -> Principal | None:
        """The owner of an ``Authorization: Bearer`` header's token."""
        secret = secret_of(authorization)
        return self.by_token(secret) if secret else None


def secret_of(authorization: str) -> str:
    """The token in an ``Authorization: Bearer`` header; empty when there is none."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def digest_of(secret: str) -> str:
    """The SHA-256 of a secret in hexadecimal, which may be kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
