"""How an amount of money is written for people."""


def money(cents: int) -> str:
    """Whole cents as dollars: ``$1,234.05``, ``-$0.50``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
