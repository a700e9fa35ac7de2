"""What is asked of a whole configuration: its schema, how two of them differ, the runbooks that it names."""
