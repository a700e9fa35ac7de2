"""Replays an archive of facts under rules: what would have fired, what would have been done."""
