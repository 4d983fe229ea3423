"""Who may see what was bought: its buyer, signed in or as a guest with the link from the mail."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from accounts.typed import back_to
from orders import guests


class BuyerRequest(HttpRequest):
    """A request by `buyer`: who is signed in, or the guest whose order it is about."""

    buyer: User


View = Callable[..., HttpResponse]


def buyer_required(view: View) -> View:
    """Let in who may have bought the purchase `number`, with `request.buyer` set; the view looks whether they did.

    Everybody else is sent to sign in, whether there is such a purchase or not; that page tells guests what to do.
    """
    return buyer_required_by("customer__purchases__number")(view)


def buyer_required_by(path: str) -> Callable[[View], View]:
    """The same for views whose `number` is of something else; `path` leads from a buyer's User to it."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, number: str, *args: Any, **kwargs: Any) -> HttpResponse:
            buyer = guests.buyer_where(request, Q(**{path: number}))
            if buyer is None:
                return to_the_door(request)
            request.buyer = buyer
            return view(request, number, *args, **kwargs)

        return guarded

    return wrap


def to_the_door(request: HttpRequest) -> HttpResponse:
    """Send a visitor to sign in and back here; after a change, to the form it came from or to their orders."""
    return redirect_to_login(back_to(request, reverse("orders:buyer_orders")))
