"""v1's settings, tos_acceptance and business_profile of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.errors import invalid, not_modelled
from emulator.registry import assumed, documented
from emulator.resources import accounts_state as accounts
from emulator.resources import payout_settings
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

SETTINGS = (
    "settings{payouts{debit_negative_balances statement_descriptor schedule{interval delay_days weekly_anchor "
    "monthly_anchor weekly_payout_days monthly_payout_days}} payments{statement_descriptor} "
    "card_payments{statement_descriptor_prefix decline_on{avs_failure cvc_failure}}}"
)
TERMS = "tos_acceptance{date ip user_agent service_agreement}"
PROFILE = "business_profile{name url product_description mcc support_email support_phone support_url}"
_PROFILE = {"name": "doing_business_as", "url": "business_url"}
_LONGEST = 22

documented(
    "account settings",
    "settings.payouts.schedule and balance settings are two views of one schedule; delay_days is a number or minimum.",
    "Terms may be accepted over the API only where the platform collects requirements (no dashboard).",
    "A statement descriptor has 5 to 22 characters, at least one letter and none of < > \\ ' \" *.",
)
assumed("account settings", "A weekly_anchor on a weekend answers 501: payouts leave on working days.")


def apply_settings(ctx: Ctx, state: Json, given: Json) -> None:
    """`settings` as sent; the payout schedule goes where balance settings keep it."""
    payouts, chosen = given.get("payouts") or {}, payout_settings.of(state)
    if "debit_negative_balances" in payouts:
        chosen["debit"] = payouts["debit_negative_balances"]
    if "statement_descriptor" in payouts:
        name = "settings[payouts][statement_descriptor]"
        chosen["descriptor"] = _descriptor(payouts["statement_descriptor"], name, least=1)
    if payouts.get("schedule"):
        _schedule(ctx, state, chosen, payouts["schedule"])
    if payouts:
        state["payout_settings"] = chosen
    kept = state.setdefault("v1_settings", {})
    whole = (given.get("payments") or {}).get("statement_descriptor")
    if whole is not None:
        kept["descriptor"] = _descriptor(whole, "settings[payments][statement_descriptor]")
    cards = given.get("card_payments") or {}
    if "statement_descriptor_prefix" in cards:
        name = "settings[card_payments][statement_descriptor_prefix]"
        kept["prefix"] = _descriptor(cards["statement_descriptor_prefix"], name, least=2, most=10)
    if "decline_on" in cards:
        kept["decline_on"] = {**kept.get("decline_on", {}), **(cards["decline_on"] or {})}


def _schedule(ctx: Ctx, state: Json, chosen: Json, given: Json) -> None:
    interval = given.get("interval", state["payout_interval"])
    wanted: Json = {"interval": interval}
    for kind in ("weekly", "monthly"):
        anchor, days = given.get(f"{kind}_anchor"), given.get(f"{kind}_payout_days")
        if anchor is not None and days is not None:
            raise invalid(
                f"You may only specify one of these parameters: {kind}_anchor, {kind}_payout_days.",
                param=f"settings[payouts][schedule][{kind}_anchor]",
            )
        if anchor in ("saturday", "sunday"):
            raise not_modelled("payouts on weekends", param="settings[payouts][schedule][weekly_anchor]")
        if anchor is not None or days is not None:
            wanted[f"{kind}_payout_days"] = days if anchor is None else [anchor]
    payout_settings.set_schedule(state, chosen, wanted, "settings[payouts][schedule]")
    if "delay_days" in given:
        days = "" if given["delay_days"] == "minimum" else given["delay_days"]
        chosen["delay"] = payout_settings.delay(ctx, days, "settings[payouts][schedule][delay_days]")


def _descriptor(text: str, param: str, *, least: int = 5, most: int = _LONGEST) -> str:
    if not least <= len(text) <= most:
        what = f"A statement descriptor has {least} to {most} characters; {text[:30]} has {len(text)}."
        raise invalid(what, param=param)
    if any(sign in text for sign in "<>\\'\"*") or not any(letter.isalpha() for letter in text):
        raise invalid("A statement descriptor needs a letter, and none of < > \\ ' \" *.", param=param)
    return text


def apply_terms(state: Json, given: Json) -> None:
    """The platform says when and where its seller accepted; only where it collects requirements itself."""
    agreement = given.get("service_agreement", "full")
    if agreement not in ("full", "recipient"):
        raise invalid(
            "Invalid tos_acceptance[service_agreement]: must be one of full or recipient",
            param="tos_acceptance[service_agreement]",
        )
    if agreement == "recipient":
        raise not_modelled("the recipient service agreement", param="tos_acceptance[service_agreement]")
    if not given.keys() & {"date", "ip", "user_agent"}:
        return
    if not accounts.collects(state):
        raise invalid(
            "You cannot accept the Terms of Service on behalf of Standard and Express connected accounts.",
            param="tos_acceptance",
        )
    for name in ("date", "ip"):
        if not given.get(name):
            param = f"tos_acceptance[{name}]"
            raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    state["tos"] = {"date": given["date"], "ip": given["ip"], "user_agent": given.get("user_agent")}
    state["submitted"] = True


def apply_profile(state: Json, given: Any) -> None:
    for key, value in (given or {}).items():
        state["profile"][_PROFILE.get(key, key)] = value or None
    mcc = (given or {}).get("mcc")
    if mcc is not None and not (len(mcc) == 4 and mcc.isascii() and mcc.isdigit()):
        raise invalid(f"Invalid MCC: {mcc}", param="business_profile[mcc]")


def shown_settings(ctx: Ctx, state: Json) -> Json:
    """The `settings` hash of a v1 account."""
    name, chosen, kept = state["display_name"], payout_settings.of(state), state.get("v1_settings", {})
    schedule: Json = {
        "delay_days": ctx.settings.availability_days if chosen["delay"] is None else chosen["delay"],
        "interval": state["payout_interval"],
    }
    if chosen["weekly"]:
        schedule |= {"weekly_anchor": chosen["weekly"][0], "weekly_payout_days": chosen["weekly"]}
    if chosen["monthly"]:
        schedule |= {"monthly_anchor": chosen["monthly"][0], "monthly_payout_days": chosen["monthly"]}
    return {
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False, **kept.get("decline_on", {})},
            "statement_descriptor_prefix": kept.get("prefix"),
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": kept.get("descriptor")},
        "payouts": {
            "debit_negative_balances": chosen["debit"],
            "schedule": schedule,
            "statement_descriptor": chosen["descriptor"],
        },
    }
