"""Flags: documents in flagd's format, compiled, kept and listened for, and what this code asks them."""

from payment_core.flags.errors import DocumentUnreadable
from payment_core.flags.evaluator import ErrorCode, Evaluator, Reason, Resolution, compile_document

__all__ = ["DocumentUnreadable", "ErrorCode", "Evaluator", "Reason", "Resolution", "compile_document"]
