"""Who a load balancer says that somebody is: its signed words checked, and the role that they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import jwt

from config.console import LoadBalancerSettings
from config.settings import Role
from daemon.http.sessions.authority import ROLES, Principal

SKEW_SECONDS = 60
"""By which the clocks of a load balancer and of this machine may differ."""
TOKEN_LENGTH_MAX = 16_384
"""An ALB cuts claims off at 11 KB."""
NAME_LENGTH_MAX = 120


class IdentityRefusal(StrEnum):
    """Why a load balancer's words let nobody in, in order of precedence."""

    MALFORMED = "malformed"
    SIGNER = "signer"
    KEY = "key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    CLIENT = "client"
    EXPIRED = "expired"
    NAME = "name"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Identity:
    """subject: of the identity provider, which never changes. principal: what the journal calls them, and the role."""

    subject: str
    principal: Principal


def key_id_of(token: str, settings: LoadBalancerSettings) -> str | IdentityRefusal:
    """Whose key checks this token, as it says itself; only after the check is any of it true."""
    if len(token) > TOKEN_LENGTH_MAX:
        return IdentityRefusal.MALFORMED
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        return IdentityRefusal.MALFORMED
    # No key is fetched for words of which it is certain beforehand that they are not ours.
    if header.get("signer") != settings.arn or header.get("alg") != "ES256":
        return IdentityRefusal.SIGNER
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else IdentityRefusal.KEY


def identity_of(
    token: str, public_key: str, settings: LoadBalancerSettings, now_seconds: float
) -> Identity | IdentityRefusal:
    """Who it is, or the first thing that is wrong. public_key: PEM, of the key that the token names.

    AWS, "Authenticate users using an Application Load Balancer": user claims encoding and signature verification.
    """
    checks = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        # The clock is ours, so its times are held against it here and not there.
        found = jwt.decode_complete(token, public_key, algorithms=["ES256"], options=checks)  # type: ignore[arg-type]
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError):
        return IdentityRefusal.SIGNATURE
    header, claims = found["header"], found["payload"]
    if header.get("iss") != settings.issuer or claims.get("iss", settings.issuer) != settings.issuer:
        return IdentityRefusal.ISSUER
    if header.get("client") != settings.client_id:
        return IdentityRefusal.CLIENT
    if any(_is_over(times.get("exp"), now_seconds) for times in (header, *((claims,) if "exp" in claims else ()))):
        return IdentityRefusal.EXPIRED
    return _person(claims, settings)


def role_of(claims: Mapping[str, object], settings: LoadBalancerSettings) -> Role | None:
    """The highest role that the claim's values give; None when they give none."""
    said = claims.get(settings.claim)
    told = said if isinstance(said, list) else [said, *said.split(",")] if isinstance(said, str) else []
    values = {one.strip() for one in told if isinstance(one, str)}
    return next((role for role in reversed(ROLES) if values & set(settings.roles.get(role, ()))), None)


def _person(claims: Mapping[str, object], settings: LoadBalancerSettings) -> Identity | IdentityRefusal:
    subject, name = claims.get("sub"), claims.get(settings.name_claim)
    if not isinstance(subject, str) or not subject or not isinstance(name, str):
        return IdentityRefusal.NAME
    unproved = settings.name_claim == "email" and claims.get("email_verified") in {False, "false"}
    if unproved or not name.isprintable() or not 0 < len(name.strip()) <= NAME_LENGTH_MAX:
        return IdentityRefusal.NAME
    role = role_of(claims, settings)
    return IdentityRefusal.ROLE if role is None else Identity(subject, Principal(name.strip(), role))


def _is_over(expires: object, now_seconds: float) -> bool:
    """A time that cannot be read is over; an ALB writes it as a number in one place and as text in another."""
    try:
        return float(str(expires)) + SKEW_SECONDS <= now_seconds
    except ValueError:
        return True
