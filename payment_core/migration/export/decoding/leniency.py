"""Makes the other ways in which the processor writes an object into the usual one: expanded, or with nulls."""

EXPANDABLE = frozenset(
    {
        "application",
        "application_fee",
        "account",
        "balance_transaction",
        "charge",
        "customer",
        "default_payment_method",
        "default_source",
        "destination",
        "failure_balance_transaction",
        "on_behalf_of",
        "original_payout",
        "payment_intent",
        "payment_method",
        "reversed_by",
        "source",
        "transfer",
        "transfer_reversal",
    }
)
"""Fields that hold an id, or with ``expand[]`` the object itself."""

DEPTH_MAX = 32
"""The processor nests some eight deep; what is deeper is left as it is, and refused by its type."""


def usual(value: object, depth: int = 0) -> object:
    """The same without nulls, with ids in place of expanded objects."""
    if depth >= DEPTH_MAX:
        return value
    if isinstance(value, dict):
        return {key: _field(key, one, depth) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [usual(one, depth + 1) for one in value if one is not None]
    return value


def _field(key: object, value: object, depth: int) -> object:
    if isinstance(value, dict) and key in EXPANDABLE and isinstance(value.get("id"), str):
        return value["id"]
    if key == "balance_transactions" and isinstance(value, list):
        return [_field("balance_transaction", one, depth) for one in value]
    return usual(value, depth + 1)
