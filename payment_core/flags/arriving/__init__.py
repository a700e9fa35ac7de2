"""How a flag document comes to a process, by three ways, and what of it is kept for the next start."""
