"""The page of one incident: what was seen, what was done, why not more, who was told, and all of it in one timeline."""
