"""The AWS bill: read from Cost Explorer and FOCUS exports, kept by day, and what follows from it."""
