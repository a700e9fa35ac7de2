"""The simulated marketplace: who pays what, and where DNS sends them."""
