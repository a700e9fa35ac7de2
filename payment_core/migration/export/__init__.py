"""The replaced processor's export: its published shapes, read as a stream, proven before anything moves."""
