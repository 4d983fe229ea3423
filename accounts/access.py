"""Who may work for which seller."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Membership, Seller, User
from accounts.typed import back_to


class SignedInRequest(HttpRequest):
    """A request by somebody who has signed in."""

    user: User


class SellerRequest(SignedInRequest):
    """A request by somebody who works for `seller`, with the `membership` that says so."""

    seller: Seller
    membership: Membership


View = Callable[..., HttpResponse]


def memberships_of(user: User | AnonymousUser) -> QuerySet[Membership]:
    """The user's places in sellers' teams: shops they own first, then the oldest."""
    if not user.is_authenticated:
        return Membership.objects.none()
    owned_first = Case(When(role=Membership.Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Membership.objects.filter(user=user).select_related("seller").order_by(owned_first, "pk")


def sellers_of(user: User | AnonymousUser) -> list[Seller]:
    """The sellers this person works for; nobody's when not signed in."""
    return [membership.seller for membership in memberships_of(user)]


def seller_required[Answer: HttpResponseBase](view: Callable[..., Answer]) -> Callable[..., Answer | HttpResponse]:
    """Let only members of a seller's team in, with `request.seller` set.

    Visitors are sent to sign in and come back; people without a shop are sent to open one.
    """

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(back_to(request, reverse("accounts:sell")))
        membership = memberships_of(request.user).first()
        if membership is None:
            return redirect("accounts:sell")
        request.seller, request.membership = membership.seller, membership
        return view(request, *args, **kwargs)

    return guarded


def owner_required(view: View) -> View:
    """Like seller_required, and 404 for team members who do not own the shop: identity and bank are theirs alone."""

    @wraps(view)
    def guarded(request: SellerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.membership.role != Membership.Role.OWNER:
            raise Http404
        return view(request, *args, **kwargs)

    return seller_required(guarded)
