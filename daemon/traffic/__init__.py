"""What splits a region's traffic between environments, and what routes a cohort: one module for each kind."""
