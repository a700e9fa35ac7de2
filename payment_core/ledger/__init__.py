"""The double-entry ledger: accounts, journals, recipes and their verification."""
