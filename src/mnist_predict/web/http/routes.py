"""What holds for a route, said where the route is: who may use it, whether it is limited, how the API describes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Route:
    """What holds for a route unless it says otherwise.

    `public`: it is answered without a token. `limited`: each request counts against the client's rate of pictures.
    `operation`: its operation object in OpenAPI; None: a page for people, which the description leaves out.
    """

    public: bool = False
    limited: bool = False
    operation: dict[str, Any] | None = None


_ROUTES: dict[Callable[..., Any], Route] = {}


def route(public: bool = False, limited: bool = False, operation: dict[str, Any] | None = None) -> Callable[[V], V]:
    """Decorate a view, below its blueprint's decorator, with what holds for it."""

    def register(view: V) -> V:
        _ROUTES[view] = Route(public, limited, operation)
        return view

    return register


def route_of(app: Flask, endpoint: str | None) -> Route:
    """What holds for an endpoint of `app`; the defaults for None, the endpoint of an address that does not exist."""
    if endpoint == "static":  # Flask's own
        return Route(public=True)
    view = app.view_functions.get(endpoint or "")
    return Route() if view is None else _ROUTES[view]
