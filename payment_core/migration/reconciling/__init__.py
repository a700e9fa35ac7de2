"""The whole export against the whole store, read again from both ends; and the report that says what was found."""
