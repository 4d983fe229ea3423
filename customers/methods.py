"""The buyer's saved ways to pay: kept at Stripe, added on Stripe's own page, listed here as Stripe last told.

No card number comes near us. Every change is an operation; afterwards the list is read afresh, by us and by events.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from customers import heard
from customers.mirror import ensure_stripe_customer
from customers.models import Customer, SavedPaymentMethod
from gateway import finders, operations, reads
from gateway.errors import StripeRefused
from gateway.models import Operation


def add_page(customer: Customer, *, attempt: UUID, actor: str) -> str:
    """The address of Stripe's page where a card is saved. The same attempt, pressed twice, is the same page.

    Must be called outside any transaction. Raises StripeRefused or StripeUnavailable.
    """
    stripe_id = ensure_stripe_customer(customer, actor)
    with transaction.atomic():
        operation = operations.plan(
            name="checkout.session.create",
            business_key=f"save-card:{customer.pk}:{attempt}",
            path="/v1/checkout/sessions",
            params=_setup(stripe_id, customer, attempt),
            actor=actor,
            reason="The buyer saves a card.",
        )
    return str(operations.require(operations.execute(operation))["url"])


def make_default(method: SavedPaymentMethod, *, actor: str) -> None:
    """Have Stripe offer it first. Raises StripeRefused or StripeUnavailable; then nothing is changed here."""
    customer = method.customer
    _change(
        customer,
        name="customer.default_method",
        path=f"/v1/customers/{customer.stripe_id}",
        params={"invoice_settings": {"default_payment_method": method.stripe_id}},
        actor=actor,
        reason="The buyer pays with it by default.",
    )


def remove(method: SavedPaymentMethod, *, actor: str) -> None:
    """Take it from its Customer for ever. Raises StripeRefused or StripeUnavailable; removed already is fine."""
    try:
        _change(
            method.customer,
            name="payment_method.detach",
            path=f"/v1/payment_methods/{method.stripe_id}/detach",
            params={},
            actor=actor,
            reason="The buyer removes it.",
        )
    except StripeRefused:
        # Perhaps it was removed at Stripe meanwhile, or in another window: the list says.
        heard.refresh(method.customer)
        if SavedPaymentMethod.objects.filter(pk=method.pk).exists():
            raise


def _change(customer: Customer, *, name: str, path: str, params: dict[str, Any], actor: str, reason: str) -> None:
    """One change under its own key, then the list as Stripe has it."""
    with transaction.atomic():
        # Locked: a button pressed twice counts on, and each press has an operation of its own.
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        asked = Operation.objects.filter(business_key__startswith=f"{name}:{locked.pk}:").count()
        operation = operations.plan(
            name=name,
            business_key=f"{name}:{locked.pk}:{asked + 1}",
            path=path,
            params=params,
            actor=actor,
            reason=reason,
        )
    operations.require(operations.execute(operation))
    heard.refresh(customer)


def _setup(stripe_id: str, customer: Customer, attempt: UUID) -> dict[str, Any]:
    page = f"{settings.SITE_URL}{reverse('customers:card_added')}"
    return {
        "mode": "setup",
        "customer": stripe_id,
        "currency": settings.MARKETPLACE_CURRENCIES[0],
        "allowed_payment_method_types": ["card"],
        # Saved in order to be offered again: the page the buyer comes from says so.
        "payment_method_data": {"allow_redisplay": "always"},
        "metadata": {"customer": str(customer.pk), "attempt": str(attempt)},
        "success_url": f"{page}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.SITE_URL}{reverse('customers:cards')}",
    }


def _found_default(operation: Operation) -> dict[str, Any] | None:
    found = reads.customer(operation.path.rpartition("/")[2])
    wanted = operation.request["invoice_settings"]["default_payment_method"]
    return {"id": found.id, "object": "customer"} if found.default_method == wanted else None


def _found_detached(operation: Operation) -> dict[str, Any] | None:
    found = reads.payment_method(operation.path.split("/")[3])
    return None if found.customer else {"id": found.id, "object": "payment_method"}


finders.register("customer.default_method", _found_default)
finders.register("payment_method.detach", _found_detached)
