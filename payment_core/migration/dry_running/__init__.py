"""Dry runs: the jobs themselves over a store that keeps nothing, so that they say what the run will say."""
