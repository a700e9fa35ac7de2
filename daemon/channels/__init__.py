"""Channels: how what the journal wants told reaches people, at least once each, under one key."""
