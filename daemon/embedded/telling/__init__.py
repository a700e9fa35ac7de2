"""What a run did, read from its files: the journal told along, the books, and the report at the end."""
