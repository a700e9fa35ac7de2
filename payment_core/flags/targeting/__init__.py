"""Targeting rules of flags: JsonLogic with flagd's operators, as functions of Python."""
