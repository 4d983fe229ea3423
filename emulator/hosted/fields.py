"""The onboarding form: its fields, and what may be typed into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from emulator import banks
from emulator.banks import COUNTRIES
from emulator.resources import accounts_state
from emulator.types import Json

STEPS = ("business", "person", "document", "bank", "review")


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] | None = None
    help: str = ""

    def shown(self) -> tuple[str, str, str, tuple[tuple[str, str], ...] | None, str]:
        return self.name, self.label, self.kind, self.choices, self.help


FIELDS: dict[str, tuple[Field, ...]] = {
    "business": (
        Field("entity_type", "Who sells", "select", (("individual", "An individual"), ("company", "A company"))),
        Field("business_name", "Company name", help="Only for companies"),
        Field("business_url", "Website", "url", help="Optional"),
        Field("product_description", "What you sell"),
    ),
    "person": (
        Field("given_name", "First name"),
        Field("surname", "Last name"),
        Field("email", "E-mail", "email"),
        Field("phone", "Phone", "tel"),
        Field("dob_day", "Birth day", "number", help="1 January 1902 is verified at once"),
        Field("dob_month", "Birth month", "number"),
        Field("dob_year", "Birth year", "number", help="1901-01-01 waits a moment, 1900-01-01 fails"),
        Field("line1", "Street and number"),
        Field("city", "City"),
        Field("postal_code", "Postal code"),
        Field("country", "Country", "select", tuple((code, code) for code in COUNTRIES)),
    ),
    "document": (
        Field(
            "document",
            "Identity document",
            "select",
            (("readable", "A picture everybody can read"), ("unreadable", "A picture nobody can read")),
            "In place of an upload",
        ),
    ),
    "bank": (
        Field("iban", "IBAN", help="Test: DE89370400440532013000"),
        Field("routing_number", "Routing number (US)", help="Test: 110000000"),
        Field("account_number", "Account number (US)", help="Test: 000123456789"),
    ),
    "review": (Field("tos", "I accept the terms of this imaginary service", "checkbox"),),
}

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def steps_of(state: Json) -> list[str]:
    """The steps of this account's form: the document only where one is due."""
    return [step for step in STEPS if step != "document" or accounts_state.needs_document(state)]


def fields_of(state: Json, step: str) -> list[Field]:
    """A step's fields: the phone only where it was asked for, or given."""
    wanted = "phone" in accounts_state.asked(state) or state["individual"].get("phone")
    return [field for field in FIELDS[step] if field.name != "phone" or wanted]


def current_values(state: Json) -> dict[str, str]:
    """What the form is filled with: everything already given; of the bank only its last digits are ever shown."""
    person, profile = state["individual"], state["profile"]
    born, address = person.get("date_of_birth") or {}, person.get("address") or {}
    values = {
        "entity_type": state["entity_type"],
        "business_name": state["business_details"].get("registered_name"),
        "business_url": profile.get("business_url"),
        "product_description": profile.get("product_description"),
        **{key: person.get(key) for key in ("given_name", "surname", "phone")},
        "email": person.get("email") or state["contact_email"],
        **{f"dob_{key}": born.get(key) for key in ("day", "month", "year")},
        **{key: address.get(key) for key in ("line1", "city", "postal_code")},
        "country": state["country"] or address.get("country"),
        "bank_last4": (state["bank"] or {}).get("last4"),
        "tos": "on" if state["tos"] else None,
    }
    return {key: str(value) for key, value in values.items() if value not in (None, "")}


def checked(step: str, values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    """(what to change, messages by field): one of the two is empty."""
    return _CHECKS[step](values, now)


def _business(values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    wrong = {}
    kind = values.get("entity_type", "")
    if kind not in ("individual", "company"):
        wrong["entity_type"] = "Choose who sells."
    if kind == "company" and not values.get("business_name"):
        wrong["business_name"] = "Enter the company's name."
    if not values.get("product_description"):
        wrong["product_description"] = "Say what you sell."
    if values.get("business_url") and not values["business_url"].startswith(("http://", "https://")):
        wrong["business_url"] = "Enter an address that starts with https://"
    profile = {
        "business_url": values.get("business_url") or None,
        "product_description": values.get("product_description"),
    }
    return {"entity_type": kind, "business_name": values.get("business_name", ""), "profile": profile}, wrong


def _person(values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    required = {
        "given_name": "Enter your first name.",
        "surname": "Enter your last name.",
        "line1": "Enter your street and number.",
        "city": "Enter your city.",
        "postal_code": "Enter your postal code.",
    }
    wrong = {name: message for name, message in required.items() if not values.get(name)}
    if not _EMAIL.match(values.get("email", "")):
        wrong["email"] = "Enter an e-mail address."
    country = values.get("country", "").upper()
    if country not in COUNTRIES:
        wrong["country"] = "Choose your country."
    born = _birthday(values, now, wrong)
    individual = {
        **{key: values.get(key) for key in ("given_name", "surname", "email")},
        **({"phone": values["phone"]} if values.get("phone") else {}),
        "date_of_birth": born,
        "address": {
            **{key: values.get(key) for key in ("line1", "city", "postal_code")},
            "line2": None,
            "state": None,
            "country": country,
        },
    }
    return {"individual": individual, "country": country}, wrong


def _birthday(values: dict[str, str], now: int, wrong: dict[str, str]) -> Json | None:
    try:
        born = date(*(int(values.get(f"dob_{part}", "")) for part in ("year", "month", "day")))
    except ValueError:
        wrong["dob_day"] = "Enter your date of birth."
        return None
    today = datetime.fromtimestamp(now, UTC).date()
    if (today.year - born.year) - ((today.month, today.day) < (born.month, born.day)) < 18:
        wrong["dob_year"] = "You must be at least 18 to sell."
    if born.year < 1900:
        wrong["dob_year"] = "Enter the year you were born."
    return {"day": born.day, "month": born.month, "year": born.year}


def _bank(values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    iban = values.get("iban", "").strip()
    if iban:
        found = banks.by_iban(iban)
        if found is None:
            return {}, {"iban": "Enter a test IBAN, such as DE89370400440532013000. Never type a real one here."}
        return found, {}
    account, routing = values.get("account_number", ""), values.get("routing_number", "")
    if not account and not routing:
        return {}, {"iban": "Enter an IBAN, or a routing and an account number."}
    wrong = {}
    if routing != banks.ROUTING:
        wrong["routing_number"] = f"Enter the test routing number {banks.ROUTING}."
    if account not in banks.ACCOUNTS:
        wrong["account_number"] = "Enter a test account number, such as 000123456789. Never type a real one here."
    return banks.by_number(routing, account) or {}, wrong


def _review(values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    return {}, {} if values.get("tos") else {"tos": "Accept the terms to finish."}


def _document(values: dict[str, str], now: int) -> tuple[Json, dict[str, str]]:
    given = values.get("document", "")
    if given not in ("readable", "unreadable"):
        return {}, {"document": "Choose a document."}
    return {"readable": given == "readable"}, {}


_CHECKS = {"business": _business, "person": _person, "document": _document, "bank": _bank, "review": _review}
