"""Facts in, findings out: vocabulary, windows, expressions, rules and health, all of it pure."""
