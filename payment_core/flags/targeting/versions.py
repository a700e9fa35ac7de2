"""flagd's ``sem_ver``: versions compared as Semantic Versioning orders them."""

from functools import lru_cache

from semver import Version

from payment_core.flags.targeting.coercion import Value

_KEPT = 4096
"""Comparisons kept: contexts name few releases, and parsing takes ten times what the rest of a rule does."""
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "^", "~")
_PARTS = 3


def sem_ver(*values: Value) -> bool | None:
    """Whether ``version comparison version`` holds; ``^`` is the same major, ``~`` the same minor version too.

    A leading v and missing parts (``1.2``) are allowed. None unless it is given two versions and a comparison.
    """
    match values:
        case [str() as left, str() as comparison, str() as right]:
            return _compared(left, comparison, right)
        case [left, str() as comparison, right]:
            try:
                return _compared(str(left), comparison, str(right))
            except ValueError:
                return None
    return None


def version_of(text: str) -> Version:
    """The version that a text means. Raises ValueError."""
    bare = text[1:] if text.startswith(("v", "V")) else text
    numbers = bare.split("-")[0].split("+")[0]
    missing = _PARTS - 1 - numbers.count(".")
    return Version.parse(numbers + ".0" * missing + bare[len(numbers) :])


@lru_cache(maxsize=_KEPT)
def _compared(left: str, comparison: str, right: str) -> bool | None:
    try:
        one, other = version_of(left), version_of(right)
    except ValueError:
        return None
    match comparison:
        case "^":
            return bool(one.major == other.major)
        case "~":
            return (one.major, one.minor) == (other.major, other.minor)
    if comparison not in COMPARISONS:
        return None
    order = one.compare(other)
    return {
        "=": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[comparison]
