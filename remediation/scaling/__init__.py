"""How much capacity a component is to have, and why; pure, but for the actions that carry it out."""
