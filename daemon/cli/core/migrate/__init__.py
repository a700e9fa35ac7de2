"""``tillwatch migrate``: leave the old processor, with proof."""
