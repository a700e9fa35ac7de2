"""Incidents as people hold them: who is told, what people do to them, what was exposed, what is kept quiet."""
