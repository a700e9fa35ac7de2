"""The routes of the holding mode."""

from payment_core.http.routes import Route
from payment_core.payments.control import ControlDesk, ControlView, SetControl


def control_routes(desk: ControlDesk) -> tuple[Route, ...]:
    """Show and set how the core works."""
    return (
        Route(
            method="GET",
            path="/v1/control",
            scope="control:read",
            summary="How the core works now",
            handler=desk.show,
            answer=ControlView,
        ),
        Route(
            method="POST",
            path="/v1/control",
            scope="control:write",
            summary="Start or end the holding mode",
            handler=desk.set,
            body=SetControl,
            answer=ControlView,
            example=SetControl(mode="holding", reason="moving to another region"),
        ),
    )
