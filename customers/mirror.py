"""The buyer's Customer at Stripe: made once by a durable operation, and kept as the buyer has it by others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from customers.heard import FIELDS, creation_key, differences, ours, same, stripe_phone
from customers.models import Address, Customer
from gateway import finders, operations, reads
from gateway.models import Operation
from kit.clock import now
from kit.faults import faultpoint

PATH = "/v1/customers"
STATUS = Operation.Status
ASK_AGAIN_AFTER = timedelta(days=1)


def ensure_stripe_customer(customer: Customer, actor: str) -> str:
    """The id of this buyer's Customer at Stripe, created on first need. Safe to call twice and after a crash.

    Must be called outside any transaction. Raises StripeRefused when Stripe says no, StripeUnavailable while its
    answer is not known: the operation is finished later with the same key, and the next call adopts what it made.
    """
    if customer.stripe_id:
        return customer.stripe_id
    with transaction.atomic():
        locked = lock(customer)
        if locked.stripe_id:
            customer.stripe_id = locked.stripe_id
            return locked.stripe_id
        operation = _creation(locked, actor)
    answer = operations.require(operations.execute(operation))
    faultpoint("customer.created_at_stripe")
    said = {name: value for name, value in operation.request.items() if name != "metadata"}
    Customer.objects.filter(pk=customer.pk, stripe_id=None).update(stripe_id=answer["id"], agreed=said)
    customer.refresh_from_db(fields=["stripe_id", "agreed"])
    return str(customer.stripe_id)


def lock(customer: Customer) -> Customer:
    """The buyer's row, locked until the end of the transaction."""
    # Two tabs checking out or saving at once plan one operation, not two that overwrite each other.
    return Customer.objects.select_for_update(of=("self",)).select_related("user").get(pk=customer.pk)


def plan_update(customer: Customer, actor: str) -> Operation | None:
    """Write down what Stripe has to be told of this buyer, in the caller's transaction, which holds their lock.

    None when there is nothing to tell: Stripe knows it, does not know the buyer yet, or the buyer has to choose first;
    or when an earlier change is still on its way: then `send` tells the rest. One at a time, so that an old one which
    arrives late overwrites nothing.
    """
    if not customer.stripe_id:
        return None
    last = operations.latest(_key(customer)) if customer.updates else None
    if last is not None and last.status == STATUS.SUCCEEDED:
        # A crash may have kept us from noting it.
        _note(customer, last)
    changes = _changes(customer)
    if last is not None and last.status == STATUS.PLANNED and last.request == changes:
        return last
    if not changes or not _is_out_of_the_way(last):
        return None
    customer.updates += 1
    customer.save(update_fields=["updates"])
    return operations.plan(
        name="customer.update",
        business_key=_key(customer),
        path=f"{PATH}/{customer.stripe_id}",
        params=changes,
        actor=actor,
        reason="The buyer changed their profile.",
    )


def send(customer: Customer, operation: Operation | None, actor: str) -> Operation | None:
    """Tell Stripe what was planned, and what was left over from before; the last operation, None if there was nothing.

    Must be called outside any transaction. Never raises for what Stripe answers: look at its status.
    """
    done = None
    for _round in range(3):
        if operation is None:
            with transaction.atomic():
                locked = lock(customer)
                operation = None if _was_just_refused(locked) else plan_update(locked, actor)
        if operation is None:
            break
        done = operations.execute(operation)
        if done.status != STATUS.SUCCEEDED:
            break
        with transaction.atomic():
            _note(lock(customer), done)
        operation = None
    return done


def is_behind(customer: Customer) -> bool:
    """Whether there is something Stripe was not told yet."""
    return bool(customer.stripe_id) and bool(_changes(customer))


def describe(customer: Customer) -> dict[str, Any]:
    """The buyer as their Customer at Stripe should be. "" takes away an address; a name, a phone number or a language
    Stripe lets nobody take away, so what it has stays there.
    """
    mine = ours(customer)
    book = list(customer.addresses.all())
    ship = next((address for address in book if address.is_default), None)
    bill = next((address for address in book if address.is_billing_default), ship)
    words = {
        "email": mine["email"],
        "name": mine["name"],
        "phone": mine["phone"],
        "preferred_locales": [customer.user.language] if customer.user.language else [],
    }
    return {
        **{name: value for name, value in words.items() if value},
        "address": _address(bill) if bill else "",
        "shipping": _shipping(ship) if ship else "",
    }


def _changes(customer: Customer) -> dict[str, Any]:
    """What Stripe does not know yet. What it has changed itself, the buyer decides about first."""
    undecided = {difference.field for difference in differences(customer)}
    return {
        name: value
        for name, value in describe(customer).items()
        if name not in undecided and not _says(customer, name, value)
    }


def _says(customer: Customer, name: str, value: Any) -> bool:
    """Whether Stripe was told this already."""
    told = customer.agreed.get(name, "")
    return same(name, told, value) if name in FIELDS else told == value


def _was_just_refused(customer: Customer) -> bool:
    """Whether Stripe said no to just this: it is not asked again by looking at a page, only by saving, or tomorrow."""
    last = operations.latest(_key(customer)) if customer.updates else None
    if last is None or last.status != STATUS.FAILED or last.finished_at is None:
        return False
    return last.request == _changes(customer) and now() - last.finished_at < ASK_AGAIN_AFTER


def _is_out_of_the_way(last: Operation | None) -> bool:
    """Whether no earlier update is on its way any more. One that was only written down is called off."""
    if last is None or last.status in (STATUS.FAILED, STATUS.SUCCEEDED):
        return True
    if last.status == STATUS.STALE:
        operations.give_up(last, reason="The newest profile is sent instead.")
        return True
    return operations.call_off(last, reason="A newer profile is sent instead.")


def _note(customer: Customer, done: Operation) -> None:
    """Both sides say the same of what was sent."""
    if done.business_key != _key(customer) or all(
        customer.agreed.get(name) == value for name, value in done.request.items()
    ):
        return
    customer.agreed |= done.request
    customer.at_stripe |= {name: value for name, value in done.request.items() if name in FIELDS and customer.at_stripe}
    customer.save(update_fields=["agreed", "at_stripe"])


def _key(customer: Customer) -> str:
    return f"customer-update:{customer.pk}:{customer.updates}"


def _creation(customer: Customer, actor: str) -> Operation:
    """The operation that creates it. What was once asked stays asked, also after the buyer changed their name."""
    key = creation_key(customer)
    last = operations.latest(key)
    if last is not None and last.status == STATUS.STALE:
        # Stripe keeps a failure for a day and repeats it (fault F18). Should it have made a Customer after all, that
        # one stays unused, which costs nobody anything; a buyer who can never check out does.
        operations.give_up(last, reason="Nothing came of it for a day; a second Customer does no harm.")
    elif last is not None and last.status != STATUS.FAILED:
        return last
    params = {"email": customer.user.email, "metadata": {"customer": str(customer.pk)}}
    if customer.user.full_name:
        params["name"] = customer.user.full_name
    if customer.phone:
        params["phone"] = stripe_phone(customer.phone)
    return operations.plan(
        name="customer.create",
        business_key=key,
        path=PATH,
        params=params,
        actor=actor,
        reason="The buyer checks out for the first time.",
    )


def _address(address: Address) -> dict[str, str]:
    parts = {
        "line1": address.line1,
        "line2": address.line2,
        "postal_code": address.postal_code,
        "city": address.city,
        "state": address.region,
        "country": address.country,
    }
    return {name: value for name, value in parts.items() if value}


def _shipping(address: Address) -> dict[str, Any]:
    phone = {"phone": stripe_phone(address.phone)} if address.phone else {}
    return {"name": address.name, "address": _address(address), **phone}


def _found_update(operation: Operation) -> dict[str, Any] | None:
    """Whether an update whose answer was lost and whose key is too old reached the Customer: it shows what it asked."""
    found = reads.customer(operation.path.rpartition("/")[2])
    shown = {"name": found.name, "email": found.email, "phone": found.phone}
    asked = {name: value for name, value in operation.request.items() if name in FIELDS}
    # An update of addresses alone is sent again: the same address twice is the same address.
    return {"id": found.id, "object": "customer"} if asked and asked.items() <= shown.items() else None


finders.register("customer.update", _found_update)
