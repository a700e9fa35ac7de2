"""Procedures as an operator writes them: steps with a command and a check each, and a tree of questions for trouble."""
