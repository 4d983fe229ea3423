"""The hosted onboarding flow that an account link opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator

STEPS = ("business", "person", "bank", "review")


def onboarding_open(em: Emulator, token: str) -> str:
    """Consume the single-use link and return the flow's own token.

    Raises LinkDead(refresh_url) when the link was used or has expired, HostedError(status=404) when it never existed.
    """
    raise NotImplementedError


def onboarding_view(em: Emulator, flow: str) -> Json:
    """Keys: account (id), email, step (of STEPS), values {field: text}, due [field of the requirement], return_url, refresh_url,
    steps [(step, done)], fields {step: [(name, label, input type, choices or None, help)]}.
    """
    raise NotImplementedError


def onboarding_save(em: Emulator, flow: str, step: str, values: dict[str, str]) -> dict[str, str]:
    """Save one step's form; returns messages by field, and moves to the next step when there are none.

    business: entity_type (individual | company), business_name, business_url, product_description
    person: given_name, surname, email, dob_day, dob_month, dob_year, line1, city, postal_code, country
    bank: iban   or   routing_number and account_number (US)
    review: tos ("on")
    """
    raise NotImplementedError


def onboarding_finish(em: Emulator, flow: str) -> str:
    """Submit what was given, recompute requirements and capabilities, and return the platform's return_url."""
    raise NotImplementedError


def onboarding_leave(em: Emulator, flow: str) -> str:
    """Leave unfinished: what was saved stays, the rest stays due. Returns the platform's return_url."""
    raise NotImplementedError
