"""A deployment as durable phase jobs: planned before anything is done, then one step after the other."""
