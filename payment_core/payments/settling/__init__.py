"""The second transactions: state, ledger, event and stored answer change together."""
