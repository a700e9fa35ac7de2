"""The actions that change the world, one module each."""
