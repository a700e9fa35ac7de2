"""What the house asks of a document beyond flagd's format: each flag can be named, killed, and set as it is; pure."""

import re
from collections.abc import Iterator, Mapping

from config.flags import FLAG_KEY
from remediation.flags.document import Document, base_of
from remediation.flags.model import Setting
from remediation.flags.state import FlagBook

RESERVED = frozenset({"document", "report"})
"""Addresses of the API beside those of flags."""
_KEY = re.compile(FLAG_KEY)


def problems_of(book: FlagBook) -> tuple[str, ...]:
    """Everything that is wrong, each with its place and its fix; empty when every flag can be served and killed."""
    flags: Mapping[str, object] = base_of(book)["flags"]
    return tuple(problem for key, flag in flags.items() for problem in _of_flag(key, flag, book.of(key).setting))


def safe_default_of(flag: Document) -> str:
    """The variant that a killed flag serves; empty when it names none."""
    name = flag.get("metadata", {}).get("safe_default", "")
    return name if isinstance(name, str) else ""


def _of_flag(key: str, flag: object, setting: Setting | None) -> Iterator[str]:
    place = f"flags.{key}"
    if not _KEY.fullmatch(key) or key in RESERVED:
        yield f"{place}: no flag may be called that; use letters, digits, dots and dashes, but not {_names(RESERVED)}"
    if not isinstance(flag, dict) or not isinstance(flag.get("variants"), dict):
        yield f'{place}: it has no variants; write "variants": {{"on": true, "off": false}}'
        return
    variants = flag["variants"]
    metadata = flag.get("metadata", {})
    safe = safe_default_of(flag) if isinstance(metadata, dict) else ""
    if safe not in variants:
        said = f"{safe!r} is no variant" if safe else "there is none"
        yield f"{place}.metadata.safe_default: {said}; name the variant that a kill serves, one of {_names(variants)}"
    yield from (
        f"{place}.variants: it is set to {name!r}, which is none of {_names(variants)}; set it to one of them first"
        for name in _named(setting)
        if name not in variants
    )


def _named(setting: Setting | None) -> tuple[str, ...]:
    if setting is None:
        return ()
    ramp = setting.ramp
    return (setting.variant,) if ramp is None else (setting.variant, ramp.plan.to_variant, ramp.plan.from_variant)


def _names(known: Mapping[str, object] | frozenset[str]) -> str:
    return ", ".join(sorted(known))
