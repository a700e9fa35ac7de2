"""Flags that are as a test says, by key, and normal otherwise."""

from payment_core.flags.declared import ON, Context, DeclaredFlag, NormalOperation


class ChosenFlags:
    """Gates. variants: by key. only_for: the provider to whom they apply, empty for all."""

    def __init__(self, **variants: str) -> None:
        self.variants = {key.replace("_", "-"): variant for key, variant in variants.items()}
        self.only_for = ""
        self._normal = NormalOperation()

    def enabled(self, flag: DeclaredFlag, context: Context) -> bool:
        return self.variant(flag, context) == ON

    def variant(self, flag: DeclaredFlag, context: Context) -> str:
        if self.only_for not in {"", context.get("merchant")}:
            return self._normal.variant(flag, context)
        return self.variants.get(flag.key, self._normal.variant(flag, context))

    def exposures(self, context: Context) -> tuple[str, ...]:
        return self._normal.exposures(context)
