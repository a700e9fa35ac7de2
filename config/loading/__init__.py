"""From files and variables to models, or to every problem with its place and its fix."""
