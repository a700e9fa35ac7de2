"""The commands of ``tillwatch flags``, one file each."""
