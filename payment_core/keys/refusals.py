"""Why nothing was done to a key, and why a caller is not let in."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class KeyRefusal(StrEnum):
    """Why a key was not made or revoked, in order of precedence."""

    API_KEY_NOT_FOUND = "api_key_not_found"
    API_KEY_SCOPE_UNKNOWN = "api_key_scope_unknown"
    API_KEY_SCOPE_NOT_HELD = "api_key_scope_not_held"
    API_KEY_EXPIRY_PAST = "api_key_expiry_past"
    API_KEY_NAME_TAKEN = "api_key_name_taken"
    API_KEY_ALREADY_REVOKED = "api_key_already_revoked"


def explain_keys(refusal: KeyRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case KeyRefusal.API_KEY_NOT_FOUND:
            return Explanation("API key not found", 404, "There is no API key with this id.")
        case KeyRefusal.API_KEY_SCOPE_UNKNOWN:
            return Explanation("Unknown scope", 422, "No operation needs one of these scopes; see /openapi.json.")
        case KeyRefusal.API_KEY_SCOPE_NOT_HELD:
            return Explanation("Scope not held", 403, "A key can pass on only the scopes that it has itself.")
        case KeyRefusal.API_KEY_EXPIRY_PAST:
            return Explanation("Expiry in the past", 422, "expires_at_ms has to lie in the future, or be 0.")
        case KeyRefusal.API_KEY_NAME_TAKEN:
            return Explanation("Name taken", 409, "A key of this name exists or existed; choose another name.")
        case KeyRefusal.API_KEY_ALREADY_REVOKED:
            return Explanation("Already revoked", 409, "The key was revoked before and stays so.")
        case _:
            assert_never(refusal)


class EntryRefusal(StrEnum):
    """Why a caller is not known, in order of precedence."""

    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_MALFORMED = "credentials_malformed"
    API_KEY_UNKNOWN = "api_key_unknown"
    API_KEY_REVOKED = "api_key_revoked"
    API_KEY_EXPIRED = "api_key_expired"


def entry_sentence(refusal: EntryRefusal) -> str:
    """What a caller who is not known can do."""
    match refusal:
        case EntryRefusal.CREDENTIALS_MISSING:
            return "Send Authorization: Bearer <API key>."
        case EntryRefusal.CREDENTIALS_MALFORMED:
            return "The Authorization header is not Bearer with an API key of this payment core."
        case EntryRefusal.API_KEY_UNKNOWN:
            return "There is no such API key."
        case EntryRefusal.API_KEY_REVOKED:
            return "The API key was revoked; ask for a new one."
        case EntryRefusal.API_KEY_EXPIRED:
            return "The API key has expired; ask for a new one."
        case _:
            assert_never(refusal)
