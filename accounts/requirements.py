"""What Stripe still asks of a seller, in words the seller knows.

Stripe's codes name fields ("individual.given_name"); new ones appear without notice, so an unknown code falls back to
its longest known beginning and then to a sentence that is right for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SELLER = "seller"
# Not needed before some amount or date: shown as "later", and never a reason to stop selling.
LATER = "eventually_due"
OVERDUE = "past_due"

# Beginnings of requirement codes, v2 names first, then the v1 names an older account still carries.
SENTENCES: Mapping[str, Any] = {
    "identity.individual.given_name": _("Your first name"),
    "identity.individual.surname": _("Your last name"),
    "identity.individual.date_of_birth": _("Your date of birth"),
    "identity.individual.address": _("Your home address"),
    "identity.individual.email": _("Your e-mail address"),
    "identity.individual.phone": _("Your phone number"),
    "identity.individual.id_numbers": _("Your tax or identity number"),
    "identity.individual.documents": _("A photo of an identity document"),
    "identity.individual.nationalities": _("Your nationality"),
    "identity.individual.political_exposure": _("Whether you hold a public office"),
    "identity.individual": _("Details about you as a person"),
    "identity.business_details.registered_name": _("The registered name of your business"),
    "identity.business_details.address": _("The address of your business"),
    "identity.business_details.phone": _("The phone number of your business"),
    "identity.business_details.id_numbers": _("The tax or registration number of your business"),
    "identity.business_details.structure": _("The legal form of your business"),
    "identity.business_details.documents": _("A document about your business"),
    "identity.business_details": _("Details about your business"),
    "identity.attestations.terms_of_service": _("Your agreement to Stripe's terms"),
    "identity.attestations": _("Your confirmation that what you gave is complete"),
    "identity.entity_type": _("Whether you sell as a person or as a company"),
    "identity.persons": _("Details about the people behind the business"),
    "identity.representative": _("Details about the person who acts for the business"),
    "identity.country": _("The country you sell from"),
    "identity": _("Details about you or your business"),
    "defaults.profile.business_url": _("Your web page or social profile"),
    "defaults.profile.product_description": _("A sentence about what you sell"),
    "defaults.profile": _("A few words about your shop"),
    "configuration.recipient.default_outbound_destination": _("The bank account your money is paid to"),
    "configuration.recipient": _("Where your money is paid to"),
    "contact_email": _("An e-mail address Stripe can reach you at"),
    "individual.first_name": _("Your first name"),
    "individual.last_name": _("Your last name"),
    "individual.dob": _("Your date of birth"),
    "individual.address": _("Your home address"),
    "individual.email": _("Your e-mail address"),
    "individual.phone": _("Your phone number"),
    "individual.id_number": _("Your tax or identity number"),
    "individual.ssn_last_4": _("The last four digits of your social security number"),
    "individual.verification": _("A photo of an identity document"),
    "individual": _("Details about you as a person"),
    "business_type": _("Whether you sell as a person or as a company"),
    "business_profile.url": _("Your web page or social profile"),
    "business_profile.mcc": _("What kind of things you sell"),
    "business_profile.product_description": _("A sentence about what you sell"),
    "business_profile": _("A few words about your shop"),
    "company": _("Details about your business"),
    "owners": _("Details about the people who own the business"),
    "directors": _("Details about the people who run the business"),
    "representative": _("Details about the person who acts for the business"),
    "external_account": _("The bank account your money is paid to"),
    "tos_acceptance": _("Your agreement to Stripe's terms"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is asked for, ready for a page."""

    code: str
    sentence: str
    deadline: datetime | None
    overdue: bool
    errors: tuple[str, ...]


def sentence(code: str) -> str:
    """What the code asks for, in plain words."""
    parts = code.replace("[", ".").replace("]", "").split(".")
    for length in range(len(parts), 0, -1):
        if known := SENTENCES.get(".".join(parts[:length])):
            return str(known)
    if parts[0].startswith("person_"):
        return str(SENTENCES["identity.persons"])
    return gettext("Something only Stripe can ask you: it is shown there")


def waiting_for_seller(requirements: Sequence[Mapping[str, Any]]) -> list[Due]:
    """What the seller has to give now, the most urgent first; the same sentence once."""
    return _dues(entry for entry in requirements if entry["owner"] == SELLER and entry["status"] != LATER)


def asked_later(requirements: Sequence[Mapping[str, Any]]) -> list[Due]:
    """What Stripe will ask for one day."""
    return _dues(entry for entry in requirements if entry["owner"] == SELLER and entry["status"] == LATER)


def checked_by_stripe(requirements: Sequence[Mapping[str, Any]]) -> list[Due]:
    """What Stripe is looking at: the seller waits."""
    return _dues(entry for entry in requirements if entry["owner"] != SELLER)


def _dues(entries: Any) -> list[Due]:
    dues: dict[str, Due] = {}
    for entry in entries:
        due = Due(
            code=entry["code"],
            sentence=sentence(entry["code"]),
            deadline=_moment(entry.get("deadline")),
            overdue=entry["status"] == OVERDUE,
            errors=tuple(_error(error) for error in entry.get("errors") or ()),
        )
        dues[due.sentence] = _joined(dues[due.sentence], due) if due.sentence in dues else due
    return sorted(dues.values(), key=lambda due: (not due.overdue, due.deadline is None, due.deadline, due.sentence))


def _joined(one: Due, other: Due) -> Due:
    deadlines = [due.deadline for due in (one, other) if due.deadline]
    return Due(
        one.code,
        one.sentence,
        min(deadlines, default=None),
        one.overdue or other.overdue,
        tuple(dict.fromkeys((*one.errors, *other.errors))),
    )


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _error(error: Any) -> str:
    """Stripe's own words about what is wrong; it writes them for the account holder."""
    if isinstance(error, Mapping):
        return str(error.get("description") or error.get("reason") or error.get("code") or "")
    return str(error)
