"""The buyer's Customer at Stripe: made once, by a durable operation."""

from __future__ import annotations

import re

from django.db import transaction

from customers.models import Customer
from gateway import operations
from gateway.models import Operation
from kit.faults import faultpoint

PATH = "/v1/customers"


def ensure_stripe_customer(customer: Customer, actor: str) -> str:
    """The id of this buyer's Customer at Stripe, created on first need. Safe to call twice and after a crash.

    Must be called outside any transaction. Raises StripeRefused when Stripe says no, StripeUnavailable while its
    answer is not known: the operation is finished later with the same key, and the next call adopts what it made.
    """
    if customer.stripe_id:
        return customer.stripe_id
    with transaction.atomic():
        # The row is the lock: two tabs checking out at once plan one operation.
        locked = Customer.objects.select_for_update(of=("self",)).select_related("user").get(pk=customer.pk)
        if locked.stripe_id:
            customer.stripe_id = locked.stripe_id
            return locked.stripe_id
        operation = _creation(locked, actor)
    answer = operations.require(operations.execute(operation))
    faultpoint("customer.created_at_stripe")
    Customer.objects.filter(pk=customer.pk, stripe_id=None).update(stripe_id=answer["id"])
    customer.refresh_from_db(fields=["stripe_id"])
    return str(customer.stripe_id)


def _creation(customer: Customer, actor: str) -> Operation:
    """The operation that creates it. What was once asked stays asked, also after the buyer changed their name."""
    key = f"customer:{customer.pk}"
    last = operations.latest(key)
    if last is not None and last.status == Operation.Status.STALE:
        # Stripe keeps a failure for a day and repeats it (fault F18). Should it have made a Customer after all, that
        # one stays unused, which costs nobody anything; a buyer who can never check out does.
        operations.give_up(last, reason="Nothing came of it for a day; a second Customer does no harm.")
    elif last is not None and last.status != Operation.Status.FAILED:
        return last
    params = {"email": customer.user.email, "metadata": {"customer": str(customer.pk)}}
    if customer.user.full_name:
        params["name"] = customer.user.full_name
    if customer.phone:
        # Without the signs people put between digits: Stripe takes at most twenty characters.
        params["phone"] = re.sub(r"[^\d+]", "", customer.phone)
    return operations.plan(
        name="customer.create",
        business_key=key,
        path=PATH,
        params=params,
        actor=actor,
        reason="The buyer checks out for the first time.",
    )
