"""Keys: master keys and whoever keeps them, data keys in memory, and the watch over them."""
