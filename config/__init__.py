"""What an operator may tune: typed models, a loader that names file and line, and the defaults."""
