"""One rule as YAML, with the parts that a test is not about filled in."""


def rule(
    measure: str,
    *,
    identity: str = "one",
    on: str = "payment.attempted",
    where: str = "true",
    per: str = "[environment]",
    breach: str = "",
    clear: str = "",
    severity: str = "medium",
    do: str = "[]",
    max_keys: int = 10_000,
    more: str = "",
) -> str:
    """The rule as an item of ``rules``. more: a further key with its value, ``for: 5s``."""
    return f"""
  - id: {identity}
    family: sla
    on: {on}
    where: "{where}"
    per: {per}
    measure: {measure}
    breach: "{breach}"
    clear: "{clear}"
    severity: {severity}
    do: {do}
    runbook: r
    max_keys: {max_keys}
""" + (f"    {more}\n" if more else "")


def rules(*items: str) -> str:
    """The items as a file."""
    return "rules:" + "".join(items)
