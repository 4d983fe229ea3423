"""How to find at Stripe what an operation asked for, when its key can no longer say (faults F17, F18).

What an operation made is recognised by the metadata that went with its request; `identity` is what planners put there.
Lists are used, never Stripe's search, which lags behind by up to an hour.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway import client
from gateway.errors import NotFoundAtStripe, NotSure
from gateway.models import Operation

Body = dict[str, Any]
# Stripe's object, or None when it is certainly not there. Raises NotSure, StripeUnavailable or StripeRefused.
Finder = Callable[[Operation], Body | None]

PAGE = 100
MOST_PAGES = 50
# By how much Stripe's clock and ours may differ.
A_CLOCK_APART = timedelta(hours=1)
# Money moves here, so every request carries its own name, also where nobody thought of it.
MOVES_MONEY = re.compile(
    r"/v1/(transfers|transfers/[^/]+/reversals|refunds|payouts|topups|charges|payment_intents"
    r"|application_fees/[^/]+/refunds)"
)

_by_name: dict[str, Finder] = {}


def identity(business_key: str) -> dict[str, str]:
    """Metadata by which what an operation makes is found again: the same in all its generations."""
    return {"operation": business_key}


def named(path: str, params: Mapping[str, Any], business_key: str) -> dict[str, Any]:
    """The request with the operation's identity in its metadata, where it makes something that is money."""
    if not MOVES_MONEY.fullmatch(path):
        return dict(params)
    metadata = {**(params.get("metadata") or {})}
    if metadata.setdefault("operation", business_key) != business_key:
        raise ValueError(f"metadata.operation of {business_key} is {metadata['operation']!r}")
    return {**params, "metadata": metadata}


def register(name: str, finder: Finder) -> None:
    """Let operations called `name` be looked up by `finder`, when the rules below do not know how."""
    _by_name[name] = finder


def find(operation: Operation) -> Body | None:
    """What the operation made or changed at Stripe; None if it certainly did nothing.

    Raises NotSure when it cannot be told, StripeUnavailable or StripeRefused when Stripe does not say. Must be called
    outside any transaction.
    """
    if operation.name in _by_name:
        return _by_name[operation.name](operation)
    for path, finder in _by_path:
        if path.fullmatch(operation.path):
            return finder(operation)
    raise NotSure(f"Nothing here knows how to look for what {operation.name} does.")


@dataclass(frozen=True, slots=True)
class InList:
    """Looks through the list at the path the object was made at.

    `narrowed_by` are parameters of the request that the list can be narrowed by; `dated`, whether it takes `created`.
    """

    narrowed_by: tuple[str, ...] = ()
    dated: bool = True

    def __call__(self, operation: Operation) -> Body | None:
        """The object with the operation's name in its metadata, or with all of the request's."""
        wanted: Body = {name: operation.request[name] for name in self.narrowed_by if name in operation.request}
        if self.dated:
            wanted["created"] = {"gte": int((_asked_since(operation) - A_CLOCK_APART).timestamp())}
        return the_one(operation, _v1_list(operation, wanted))


def in_accounts(operation: Operation) -> Body | None:
    """A v2 account. Its list knows neither dates nor metadata, and closed accounts are listed apart."""
    both = (account for closed in (False, True) for account in _v2_list(operation, {"closed": closed}))
    return the_one(operation, both)


def expired_page(operation: Operation) -> Body | None:
    """A hosted page that was to be closed: closed it is, or it is not."""
    body = client.get(operation.path.removesuffix("/expire"), account=operation.account)
    return body if body["status"] == "expired" else None


def uploaded_file(operation: Operation) -> Body | None:
    """A file that was uploaded: its name says which of ours it is, and its size that all of it came."""
    told = operation.request["file"]
    since = int((_asked_since(operation) - A_CLOCK_APART).timestamp())
    listed = _v1_list(operation, {"purpose": operation.request["purpose"], "created": {"gte": since}})
    # Uploaded twice it is the same file twice: either will do.
    return next((body for body in listed if (body["filename"], body["size"]) == (told["name"], told["size"])), None)


def answered_dispute(operation: Operation) -> Body | None:
    """A dispute whose answer was changed or sent: it carries the name of the operation that did it last, and one that
    was sent is counted.
    """
    body = client.get(operation.path, account=operation.account)
    name = (body.get("metadata") or {}).get("operation")
    is_ours = name == operation.request["metadata"]["operation"]
    is_counted = bool(body["evidence_details"]["submission_count"]) or not operation.request["submit"]
    return body if is_ours and is_counted else None


def closed_dispute(operation: Operation) -> Body | None:
    """A dispute that was to be given up: it is lost, or it is not."""
    body = client.get(operation.path.removesuffix("/close"), account=operation.account)
    return body if body["status"] in ("lost", "warning_closed") else None


def settings_of_balance(operation: Operation) -> Body | None:
    """A payout schedule that was to be set: it is the account's now, or it is not."""
    body = client.get(operation.path, account=operation.account)
    wanted = operation.request["payments"]["payouts"]["schedule"]
    has = body["payments"]["payouts"]["schedule"]
    return body if all(has.get(name) == value for name, value in wanted.items()) else None


_by_path: tuple[tuple[re.Pattern[str], Finder], ...] = (
    (re.compile(r"/v1/transfers"), InList(narrowed_by=("destination", "transfer_group"))),
    (re.compile(r"/v1/transfers/[^/]+/reversals"), InList(dated=False)),
    (re.compile(r"/v1/refunds"), InList(narrowed_by=("charge", "payment_intent"))),
    (re.compile(r"/v1/application_fees/[^/]+/refunds"), InList(dated=False)),
    (re.compile(r"/v1/payouts"), InList()),
    (re.compile(r"/v1/topups"), InList()),
    (re.compile(r"/v1/files"), uploaded_file),
    (re.compile(r"/v1/disputes/[^/]+"), answered_dispute),
    (re.compile(r"/v1/disputes/[^/]+/close"), closed_dispute),
    (re.compile(r"/v1/balance_settings"), settings_of_balance),
    (re.compile(r"/v1/customers"), InList(narrowed_by=("email",))),
    (re.compile(r"/v1/checkout/sessions"), InList(narrowed_by=("customer",))),
    (re.compile(r"/v1/checkout/sessions/[^/]+/expire"), expired_page),
    (re.compile(r"/v1/accounts"), InList()),
    (re.compile(r"/v2/core/accounts"), in_accounts),
)


def _asked_since(operation: Operation) -> Any:
    """When the first generation of it was planned: what that one made is found, too."""
    oldest = Operation.objects.filter(business_key=operation.business_key).order_by("generation").first()
    return (oldest or operation).planned_at


def the_one(operation: Operation, listed: Iterator[Body]) -> Body | None:
    """The listed object that carries the operation's name; None if there certainly is none. Raises NotSure."""
    metadata = operation.request.get("metadata")
    if not metadata:
        raise NotSure("Its request carries no metadata to recognise it by.")
    if "operation" in metadata:
        # Its name is enough, and somebody may have changed the rest in the Dashboard.
        metadata = identity(metadata["operation"])
    seen = list(listed)
    found = [body for body in seen if _carries(body, metadata)]
    if not found and seen and all(body.get("metadata") is None for body in seen):
        # A list that shows nobody's metadata proves nothing.
        raise NotSure("Stripe's list does not show metadata.")
    if not found:
        return None
    if len(found) > 1:
        raise NotSure(f"Stripe has {len(found)} of it: {', '.join(str(body['id']) for body in found)}.")
    differs = [name for name in ("amount", "currency") if _differs(operation.request, found[0], name)]
    if differs:
        raise NotSure(f"{found[0]['id']} carries its name, but another {' and '.join(differs)}.")
    try:
        # As the answer to our call would have shown it.
        shown = {name: operation.request[name] for name in ("expand", "include") if name in operation.request}
        return client.get(f"{operation.path}/{found[0]['id']}", shown, account=operation.account)
    except NotFoundAtStripe as error:
        raise NotSure(f"{found[0]['id']} is listed, but not found.") from error


def _carries(body: Body, metadata: Mapping[str, Any]) -> bool:
    given = body.get("metadata") or {}
    return all(given.get(name) == str(value) for name, value in metadata.items())


def _differs(request: Mapping[str, Any], body: Body, name: str) -> bool:
    return name in request and name in body and str(request[name]).lower() != str(body[name]).lower()


def _v1_list(operation: Operation, wanted: Body) -> Iterator[Body]:
    asked: Body = {**wanted, "limit": PAGE}
    for _page in range(MOST_PAGES):
        page = client.get(operation.path, asked, account=operation.account)
        yield from page["data"]
        if not page["has_more"]:
            return
        asked["starting_after"] = page["data"][-1]["id"]
    raise NotSure(f"More than {PAGE * MOST_PAGES} objects are listed: it was not looked for to the end.")


def _v2_list(operation: Operation, wanted: Body) -> Iterator[Body]:
    path, asked = operation.path, {**wanted, "limit": PAGE}
    for _page in range(MOST_PAGES):
        page = client.get(path, asked)
        yield from page["data"]
        if not page["next_page_url"]:
            return
        path, asked = page["next_page_url"], {}
    raise NotSure(f"More than {PAGE * MOST_PAGES} objects are listed: it was not looked for to the end.")
