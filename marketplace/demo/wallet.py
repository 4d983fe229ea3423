"""The buyer's saved cards: one that has expired since, and the one they pay with now."""

from urllib.parse import urlsplit
from uuid import uuid4

from accounts.models import User
from customers import heard, methods
from customers.profiles import customer_for
from kit.clock import now
from marketplace.demo.emulator import CARD, Controls

OLD_CARD = "5555555555554444"
YEARS = 3


def ensure(buyer: User, controls: Controls) -> None:
    """Both, saved while the clock is still in the past: the old one is good until the end of that month."""
    customer = customer_for(buyer)
    if customer.payment_methods.exists():
        return
    then = now()
    for number, year in ((OLD_CARD, then.year), (CARD, then.year + YEARS)):
        page = methods.add_page(customer, attempt=uuid4(), actor=buyer.email)
        controls.save_card(_session(page), buyer.email, number, month=then.month, year=year)
    heard.refresh(customer)
    methods.make_default(customer.payment_methods.get(last4=CARD[-4:]), actor=buyer.email)


def _session(page: str) -> str:
    """The session a page of Stripe's stand-in is for: the end of its address."""
    return urlsplit(page).path.rpartition("/")[2]
