"""Flags as people and automation change them: recorded, published to every payment core, and followed until served."""
