"""The commands that change something through a running daemon: versions, rollbacks, approvals, automation."""
