"""The commands of ``tillwatch rules``, one file each."""
