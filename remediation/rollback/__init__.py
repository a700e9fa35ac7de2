"""A rollback that a person asked for, step by step: durable, each step tried, never called complete when one failed."""
