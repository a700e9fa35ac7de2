"""Takes changed rules and a changed policy over while the daemon runs."""
