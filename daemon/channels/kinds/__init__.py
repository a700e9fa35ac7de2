"""One channel a file: each turns a notice into what its receiver takes, and the answer into what it means."""
