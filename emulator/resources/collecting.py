"""What a Checkout Session asks of its buyer besides the payment: where and how to deliver, a phone, consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.errors import invalid, not_modelled
from emulator.registry import assumed, documented
from emulator.resources import shipping_rates
from emulator.resources.customers import full_address
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

PARAMETERS = (
    "shipping_address_collection{allowed_countries} "
    f"shipping_options{{shipping_rate shipping_rate_data{{{shipping_rates.PARAMETERS}}}}} "
    "phone_number_collection{enabled} consent_collection{terms_of_service promotions}"
)
# What a test that does not care fills in.
EXAMPLE = {
    "ship_name": "Kim Buyer",
    "ship_line1": "Am Markt 1",
    "ship_city": "Jena",
    "ship_postal_code": "07743",
    "phone": "+4936411234",
    "terms": "1",
}

documented(
    "checkout",
    "What is collected: collected_information.shipping_details and the payment's shipping, phone, consent.",
)
assumed("checkout", "consent_collection[promotions]=auto answers 501: the emulator has no country to decide it by.")


def fields(ctx: Ctx, params: Json, currency: str) -> tuple[Json, int]:
    """The session's own fields, and what delivery costs until the buyer chooses otherwise, in minor units."""
    consent = params.get("consent_collection")
    if (consent or {}).get("promotions") == "auto":
        raise not_modelled("consent_collection[promotions]=auto", param="consent_collection[promotions]")
    countries = (params.get("shipping_address_collection") or {}).get("allowed_countries")
    if countries == []:
        raise invalid("Name at least one country.", param="shipping_address_collection[allowed_countries]")
    rates = shipping_rates.options(ctx, params.get("shipping_options") or [], currency)
    amount = rates[0].body["fixed_amount"]["amount"] if rates else 0
    shown: Json = {
        "consent_collection": (
            {"promotions": consent.get("promotions"), "terms_of_service": consent.get("terms_of_service")}
            if consent
            else None
        ),
        "phone_number_collection": {"enabled": (params.get("phone_number_collection") or {}).get("enabled", False)},
        "shipping_address_collection": {"allowed_countries": countries} if countries else None,
        "shipping_cost": _cost(rates[0].id, amount) if rates else None,
        "shipping_options": [
            {"shipping_amount": rate.body["fixed_amount"]["amount"], "shipping_rate": rate.id} for rate in rates
        ],
    }
    return shown, amount


def _cost(rate: str, amount: int) -> Json:
    return {"amount_subtotal": amount, "amount_tax": 0, "amount_total": amount, "shipping_rate": rate}


def asked(ctx: Ctx, row: Row) -> Json:
    """For the page: countries (empty: no address), rates [{id, label, amount, chosen}], phone, terms."""
    body, chosen = row.body, (row.body["shipping_cost"] or {}).get("shipping_rate")
    return {
        "countries": (body["shipping_address_collection"] or {}).get("allowed_countries", []),
        "rates": [
            {
                "id": option["shipping_rate"],
                "label": ctx.must(option["shipping_rate"]).body["display_name"],
                "amount": option["shipping_amount"],
                "chosen": option["shipping_rate"] == chosen,
            }
            for option in body["shipping_options"]
        ],
        "phone": body["phone_number_collection"]["enabled"],
        "terms": (body["consent_collection"] or {}).get("terms_of_service") == "required",
    }


def problem(ctx: Ctx, row: Row, given: Mapping[str, str]) -> tuple[str, str] | None:
    """The first thing missing from what the buyer filled in: (field, message)."""
    wanted = asked(ctx, row)
    if wanted["countries"]:
        for name, label in (
            ("ship_name", "who it goes to"),
            ("ship_line1", "the street and number"),
            ("ship_city", "the city"),
            ("ship_postal_code", "the postal code"),
        ):
            if not given.get(name, "").strip():
                return name, f"Enter {label} of the delivery."
        if given.get("ship_country", wanted["countries"][0]) not in wanted["countries"]:
            return "ship_country", "Choose a country this shop delivers to."
    if given.get("ship_rate") and given["ship_rate"] not in [rate["id"] for rate in wanted["rates"]]:
        return "ship_rate", "Choose one of the ways to deliver."
    if wanted["phone"] and not given.get("phone", "").strip():
        return "phone", "Enter a phone number."
    if wanted["terms"] and not given.get("terms"):
        return "terms", "Accept the terms to go on."
    return None


def keep(ctx: Ctx, row: Row, given: Mapping[str, str]) -> None:
    """Put what the buyer filled in into the session; another way to deliver changes what is due."""
    body, wanted = row.body, asked(ctx, row)
    if wanted["countries"]:
        country = given.get("ship_country") or wanted["countries"][0]
        address = {
            "city": given["ship_city"],
            "country": country,
            "line1": given["ship_line1"],
            "postal_code": given["ship_postal_code"],
        }
        details = {"address": full_address(address), "name": given["ship_name"]}
        body["collected_information"] = {
            "business_name": None,
            "individual_name": None,
            "shipping_details": details,
        }
    rate = next((one for one in wanted["rates"] if one["id"] == given.get("ship_rate")), None)
    if rate is not None:
        before = body["shipping_cost"]["amount_total"]
        body["shipping_cost"] = _cost(rate["id"], rate["amount"])
        body["amount_total"] += rate["amount"] - before
        body["total_details"]["amount_shipping"] = rate["amount"]
    if wanted["phone"]:
        row.private["phone"] = given["phone"]
    if wanted["terms"]:
        body["consent"] = {"promotions": None, "terms_of_service": "accepted"}
    ctx.save(row)


def shipping(row: Row) -> Json | None:
    """The `shipping` of the payment: what was collected."""
    details = (row.body["collected_information"] or {}).get("shipping_details")
    if details is None:
        return None
    return {**details, "carrier": None, "phone": row.private.get("phone"), "tracking_number": None}
