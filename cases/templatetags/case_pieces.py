"""Cases on pages of rooms below: `{% load case_pieces %}{% case_of_order order %}`; deadlines as readers have them."""

from typing import Any

from django import template
from django.utils.translation import ngettext

from accounts.models import Seller
from cases import opening, words
from cases.models import Case, Party
from cases.queries import latest_of_order, waiting_for_seller
from kit.templatetags.ui import deadline
from orders.models import Order
from payments.models import Share

register = template.Library()
register.simple_tag(deadline)


@register.inclusion_tag("cases/_of_order.html")
def case_of_order(order: Order, *, named: bool = False) -> dict[str, Any]:
    """The buyer's case about an order, or the way to open one; nothing when neither makes sense. `named` says whose."""
    case = latest_of_order(order)
    share = Share.objects.select_related("order__seller", "payment").filter(order=order).first()
    can_open = share is not None and (case is None or not case.is_open) and not opening.why_not(share)
    return {
        "case": case,
        "order": order,
        "named": named,
        "can_open": can_open,
        "pill": words.pill(case, Party.BUYER) if case else None,
    }


@register.inclusion_tag("cases/_now_of_order.html")
def case_now_of_order(order: Order) -> dict[str, Any]:
    """Whose turn it is in the open case about an order, for its buyer; nothing without one."""
    case: Case | None = latest_of_order(order)
    if case is None or not case.is_open:
        return {}
    return {"case": case, "now": words.now_line(case, Party.BUYER)}


@register.inclusion_tag("cases/_of_sold.html")
def case_of_sold(order: Order) -> dict[str, Any]:
    """The case about an order, for its seller; with the answer it waits for."""
    case: Case | None = latest_of_order(order)
    if case is None:
        return {}
    return {"case": case, "pill": words.pill(case, Party.SELLER), "now": words.now_line(case, Party.SELLER)}


@register.simple_tag
def in_a_case(order: Order) -> bool:
    """Whether buyer and seller still talk about this order in a case: something is left to do."""
    case: Case | None = latest_of_order(order)
    return case is not None and case.is_open


@register.simple_tag
def cases_to_answer(seller: Seller) -> str:
    """How many buyers wait for this shop's answer, as a sentence; empty when nobody does."""
    waiting = waiting_for_seller(seller).count()
    if not waiting:
        return ""
    sentence = ngettext(
        "%(n)d buyer says that something is wrong, and waits for your answer.",
        "%(n)d buyers say that something is wrong, and wait for your answer.",
        waiting,
    )
    return sentence % {"n": waiting}
