"""Apprise may be imported here."""

import tests.imports_of_others  # noqa: F401  # for what it does
