"""Visa's Compelling Evidence 3.0: earlier payments of the same buyer that answer a fraudulent dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.errors import invalid, not_modelled
from emulator.registry import assumed, documented
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

TYPE = "visa_compelling_evidence_3"
_ADDRESS = "shipping_address{city country line1 line2 postal_code state}"
_IDENTIFIERS = "customer_account_id customer_device_fingerprint customer_device_id customer_email_address "
_ONE = f"{_IDENTIFIERS} customer_purchase_ip product_description {_ADDRESS}"
PARAMETERS = (
    f"enhanced_evidence{{{TYPE}{{disputed_transaction{{{_ONE} merchandise_or_services}} "
    f"prior_undisputed_transactions{{charge {_ONE}}}}}}}"
)
_STRONG = ("customer_device_fingerprint", "customer_device_id", "customer_purchase_ip")
_MATCHING = (*_STRONG, "customer_account_id", "customer_email_address", "shipping_address")

documented(
    "disputes",
    "Fraudulent disputes of Visa cards may be answered with visa_compelling_evidence_3; required_actions says what is "
    "missing until it is qualified.",
)
assumed(
    "disputes",
    "Compelling evidence qualifies with two undisputed payments, descriptions, and two matching identifiers of which "
    "one is an IP address or a device. It does not decide the dispute by itself.",
    "Compliance evidence and appeals answer 501: no dispute of the emulator reaches them.",
)


def eligible(dispute: Json) -> bool:
    card = (dispute["payment_method_details"] or {}).get("card") or {}
    return bool(card.get("brand") == "visa" and card.get("network_reason_code") == "10.4")


def begin(dispute: Json) -> None:
    """A new dispute says whether this evidence fits it."""
    if eligible(dispute):
        dispute["enhanced_eligibility_types"] = [TYPE]
        _rate(dispute, {})


def apply(ctx: Ctx, row: Row, given: Any) -> Json | None:
    """The evidence as sent, over what is there; answers the `enhanced_evidence` it was before a change, else None."""
    before: Json = dict(row.body["evidence"]["enhanced_evidence"])
    if given == "":
        row.body["evidence"]["enhanced_evidence"] = {}
        begin(row.body)
        return before or None
    sent = (given or {}).get(TYPE)
    if sent is None:
        return None
    param = f"evidence[enhanced_evidence][{TYPE}]"
    if not eligible(row.body):
        raise invalid(f"This dispute is not eligible for {TYPE}.", param=param)
    if row.body["status"].startswith("warning_"):
        raise not_modelled("compelling evidence for inquiries", param=param)
    known = before.get(TYPE) or {"disputed_transaction": None, "prior_undisputed_transactions": []}
    disputed = {**(known["disputed_transaction"] or {}), **_clean(sent.get("disputed_transaction") or {})}
    prior = known["prior_undisputed_transactions"]
    if "prior_undisputed_transactions" in sent:
        prior = [_prior(ctx, row, one, number) for number, one in enumerate(sent["prior_undisputed_transactions"])]
    now = {"disputed_transaction": _whole(disputed) if disputed else None, "prior_undisputed_transactions": prior}
    row.body["evidence"]["enhanced_evidence"] = {TYPE: now}
    _rate(row.body, now)
    return before if before.get(TYPE) != now else None


def _clean(given: Json) -> Json:
    return {name: value or None for name, value in given.items()}


def _whole(given: Json) -> Json:
    """Every field, the missing ones null."""
    names = (*_MATCHING, "product_description", "merchandise_or_services")
    filled = {name: given.get(name) for name in names if name != "merchandise_or_services" or "charge" not in given}
    address = filled["shipping_address"]
    if address is not None:
        parts = ("city", "country", "line1", "line2", "postal_code", "state")
        filled["shipping_address"] = {part: address.get(part) or None for part in parts}
    return {**given, **filled}


def _prior(ctx: Ctx, row: Row, given: Json, number: int) -> Json:
    param = f"evidence[enhanced_evidence][{TYPE}][prior_undisputed_transactions][{number}][charge]"
    charge = ctx.referenced("charge", given["charge"], param)
    if charge.body["disputed"] or charge.id == row.body["charge"] or not charge.body["captured"]:
        raise invalid(f"{charge.id} is not an undisputed payment.", param=param)
    return _whole(_clean(given))


def _rate(dispute: Json, evidence: Json) -> None:
    disputed, prior = evidence.get("disputed_transaction") or {}, evidence.get("prior_undisputed_transactions") or []
    lacking = {
        "missing_customer_identifiers": not _matching(disputed, prior),
        "missing_disputed_transaction_description": not disputed.get("product_description"),
        "missing_merchandise_or_services": not disputed.get("merchandise_or_services"),
        "missing_prior_undisputed_transaction_description": not all(one["product_description"] for one in prior),
        "missing_prior_undisputed_transactions": len(prior) < 2,
    }
    actions = [name for name, wrong in lacking.items() if wrong]
    rating = {"required_actions": actions, "status": "requires_action" if actions else "qualified"}
    dispute["evidence_details"]["enhanced_eligibility"] = {TYPE: rating}


def _matching(disputed: Json, prior: list[Json]) -> bool:
    same = [
        name
        for name in _MATCHING
        if disputed.get(name) and prior and all(one.get(name) == disputed[name] for one in prior)
    ]
    return len(same) >= 2 and any(name in _STRONG for name in same)
