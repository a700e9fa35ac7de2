"""How many units the load that is expected asks for; beside the load of now, never in its place."""

from remediation.scaling.model import Book, Component, Source
from remediation.scaling.needs import Need, whole_units


def need(component: Component, book: Book) -> Need | None:
    """The units that the upper end of the band would fill to the target; None when nobody knows."""
    scaled, outlook = component.scaled, book.outlook
    if not scaled.forecast or outlook is None or outlook.requests_per_second is None:
        return None
    carries = scaled.unit.requests_per_second
    if carries is None:
        return None
    units = whole_units(outlook.requests_per_second / (carries * scaled.target_percent / 100))
    return Need(units, Source.PREDICTIVE, f"up to {outlook.requests_per_second:.4g} requests/s are expected")
