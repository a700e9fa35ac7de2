"""The page of figures that `python -m bench` writes, read again."""

import re
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


def kept(results: str) -> dict[str, str]:
    """The sections of a page by name, as they stand."""
    parts = re.split(r"^## (\w+)$", results, flags=re.MULTILINE)[1:]
    return {name: f"## {name}{body.rstrip()}\n" for name, body in zip(parts[::2], parts[1::2], strict=True)}


def figure(section: str, name: str) -> float:
    """A figure that another bench measured. Raises LookupError when the page has none."""
    text = kept(RESULTS.read_text(encoding="utf-8")).get(section, "") if RESULTS.is_file() else ""
    found = re.search(rf"^\| `{re.escape(name)}` \| ([\d.]+) \|$", text, flags=re.MULTILINE)
    if found is None:
        message = f"{RESULTS.name} has no {name} of {section}: run python -m bench {section} first"
        raise LookupError(message)
    return float(found[1])
