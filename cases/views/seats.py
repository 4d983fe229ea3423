"""Who sits where: a case is only ever seen by its buyer, by the team of its seller, and by staff (in the admin)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.access import SellerRequest, seller_required
from accounts.models import User
from cases.models import Case, Offer, Party
from cases.queries import case_of_buyer, case_of_seller
from orders.access import BuyerRequest, buyer_required_by

View = Callable[..., HttpResponse]

# From a person to the number of a case about something they bought.
BUYER_OF_CASE = "customer__purchases__orders__share__cases__number"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's side of one case, with the addresses of its pages."""

    case: Case
    party: Party
    user: User

    @property
    def home(self) -> str:
        """The case's page."""
        return self._to("case")

    @property
    def say(self) -> str:
        """Where messages go."""
        return self._to("say")

    @property
    def offer(self) -> str:
        """Where offers go."""
        return self._to("offer")

    @property
    def call_in(self) -> str:
        """Where the marketplace is asked to decide."""
        return self._to("call_in")

    @property
    def reopen(self) -> str:
        """Where a closed case is opened again."""
        return self._to("reopen")

    @property
    def is_buyer(self) -> bool:
        """Whether this is the buyer's side."""
        return self.party == Party.BUYER

    @property
    def other_name(self) -> str:
        """The other side, as this one knows it."""
        order = self.case.share.order
        return order.seller.name if self.is_buyer else order.purchase.customer.user.get_short_name()

    @property
    def order_page(self) -> str:
        """The order, as this side sees it."""
        order = self.case.share.order
        if self.is_buyer:
            return reverse("orders:purchase", args=[order.purchase.number])
        return reverse("orders:seller_order", args=[order.number])

    @property
    def list_page(self) -> str:
        """All cases of this side."""
        return reverse("cases:cases") if self.is_buyer else reverse("cases:desk_cases")

    def accept(self, offer: Offer) -> str:
        """Where an offer is looked at before it is accepted."""
        return self._to("accept", offer.pk)

    def withdraw(self, offer: Offer) -> str:
        """Where an offer is taken back."""
        return self._to("withdraw_offer", offer.pk)

    def photo(self, photo: object, size: str) -> str:
        """A picture of the case."""
        return self._to("photo", photo, size)

    def _to(self, page: str, *more: object) -> str:
        prefix = "cases:" if self.is_buyer else "cases:desk_"
        return reverse(f"{prefix}{page}", args=[self.case.number, *more])


def seated(view: View) -> View:
    """Give the view the reader's `Seat`; 404 for everybody else, as if there were no such case."""

    def as_buyer(request: BuyerRequest, number: str, **more: Any) -> HttpResponse:
        return view(request, _seat(case_of_buyer(request.buyer, number), Party.BUYER, request.buyer), **more)

    def as_seller(request: SellerRequest, number: str, **more: Any) -> HttpResponse:
        return view(request, _seat(case_of_seller(request.seller, number), Party.SELLER, request.user), **more)

    sides = {Party.BUYER: buyer_required_by(BUYER_OF_CASE)(as_buyer), Party.SELLER: seller_required(as_seller)}

    @wraps(view)
    @never_cache
    def guarded(request: Any, *, side: Party, **more: Any) -> HttpResponse:
        return sides[side](request, **more)

    return guarded


def _seat(case: Case | None, party: Party, user: User) -> Seat:
    if case is None:
        raise Http404
    return Seat(case, party, user)
