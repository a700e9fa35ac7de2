"""An operation on its way to a rail and back: begun in one transaction, asked, and settled in another."""
