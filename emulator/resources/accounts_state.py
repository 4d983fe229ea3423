"""What a connected account is, before any API version shows it: what was given, what is due, what it may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.registry import assumed, documented
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

TRANSFERS = "stripe_balance.stripe_transfers"
PAYOUTS = "stripe_balance.payouts"

# (v2 description, v1 names, where the value is in the state)
_PERSON = (
    ("identity.individual.given_name", ("individual.first_name",), ("individual", "given_name")),
    ("identity.individual.surname", ("individual.last_name",), ("individual", "surname")),
    ("identity.individual.email", ("individual.email",), ("individual", "email")),
    (
        "identity.individual.date_of_birth",
        ("individual.dob.day", "individual.dob.month", "individual.dob.year"),
        ("individual", "date_of_birth"),
    ),
    (
        "identity.individual.address",
        ("individual.address.line1", "individual.address.city", "individual.address.postal_code"),
        ("individual", "address"),
    ),
)
_COMPANY = (("identity.business_details.registered_name", ("company.name",), ("business_details", "registered_name")),)
_ALWAYS = (
    ("identity.entity_type", ("business_type",), ("entity_type",)),
    ("identity.country", ("country",), ("country",)),
    (
        "defaults.profile.product_description",
        ("business_profile.product_description",),
        ("profile", "product_description"),
    ),
)
_BANK = ("configuration.recipient.default_outbound_destination", ("external_account",), ("bank",))
_TERMS = ("identity.attestations.terms_of_service.account", ("tos_acceptance.date", "tos_acceptance.ip"), ("tos",))
_DOCUMENT = ("identity.individual.documents.primary_verification", ("individual.verification.document",))

_PHONE = ("identity.individual.phone", ("individual.phone",), ("individual", "phone"))
# what may be asked for later, and where its value is
ASKABLE = {"document": (*_DOCUMENT, ("document",)), "phone": _PHONE}
# holds back nothing before its deadline
NOTHING_YET = ""
_REFUSED_DOCUMENT = "refused"
UNREADABLE = "verification_document_not_readable"
UNREADABLE_REASON = "The document cannot be read. Upload a sharper picture of the whole document."

# Dates of birth that decide how identity verification ends (Stripe's test values).
PENDING_BIRTHDAY = (1901, 1, 1)
REJECTED_BIRTHDAY = (1900, 1, 1)
VERIFY_SECONDS = 10

documented(
    "accounts",
    "Date of birth 1902-01-01 verifies at once, 1901-01-01 shortly afterwards (pending_verification until then).",
    "The transfers capability is active only when nothing it needs is due; payouts need a bank account besides.",
    "Accounts v2 raise account.updated and capability.updated for endpoints of connected accounts.",
)
assumed(
    "accounts",
    "Which requirements a recipient has, and their v2 descriptions.",
    "Date of birth 1900-01-01 asks for a document; every other adult date verifies at once.",
    "A missing bank account restricts payouts, not transfers.",
    "v2 thin events (v2.core.account…) are not raised.",
)


def fresh(country: str | None) -> Json:
    """The state of an account nobody has told us anything about."""
    return {
        "platform": False,
        "contact_email": None,
        "contact_phone": None,
        "display_name": None,
        "dashboard": None,
        "metadata": {},
        "entity_type": None,
        "country": country,
        "business_details": {},
        "individual": {},
        "profile": {},
        "fees_collector": None,
        "losses_collector": None,
        "currency": None,
        "locales": None,
        "recipient": False,
        "transfers_requested": False,
        "transfers_requested_at": None,
        "bank": None,
        "tos": None,
        "submitted": False,
        "verification": "unverified",
        "person": None,
        "payout_interval": "daily",
    }


def collects(state: Json) -> bool:
    """The platform collects requirements itself: liable for losses, and no dashboard of Stripe's."""
    chosen = state.get("requirement_collection", "application")
    return chosen == "application" and state["losses_collector"] == "application" and state["dashboard"] == "none"


def ensure_platform(ctx: Ctx) -> None:
    """The platform's own account and application exist from the start."""
    if ctx.store.meta("platform") is not None:
        return
    id = "acct_1" + ctx.store.random_text(15)
    state = fresh(ctx.settings.country)
    bank: Json = {
        "id": ctx.store.new_id("ba"),
        "bank_name": "STRIPE TEST BANK",
        "last4": "3000",
        "country": ctx.settings.country,
    }
    bank |= {
        "currency": ctx.settings.currency,
        "holder": ctx.settings.platform_name,
        "routing_number": "110000000",
        "created": ctx.now,
    }
    state |= {
        "platform": True,
        "display_name": ctx.settings.platform_name,
        "currency": ctx.settings.currency,
        "submitted": True,
        "verification": "verified",
        "dashboard": "full",
        "bank": bank,
    }
    ctx.store.insert({"id": id, "object": "account"}, account="", created=ctx.now, private=state)
    ctx.store.set_meta("platform", id)
    ctx.store.set_meta("application", ctx.store.new_id("ca"))


def _value(state: Json, keys: tuple[str, ...]) -> object:
    found: object = state
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def missing(state: Json) -> list[tuple[str, tuple[str, ...], str]]:
    """What is still due: (v2 description, v1 names, the capability it holds back)."""
    if state["platform"]:
        return []
    rows = [*_ALWAYS, *(_COMPANY if state["entity_type"] == "company" else ()), *_PERSON, _TERMS]
    due = [(v2, v1, TRANSFERS) for v2, v1, keys in rows if not _value(state, keys)]
    if state["verification"] == "failed":
        due.append((*_DOCUMENT, TRANSFERS))
    for what, one in asked(state).items():
        v2, v1, _keys = ASKABLE[what]
        if (v2, v1, TRANSFERS) not in due:
            due.append((v2, v1, TRANSFERS if one["past_due"] else NOTHING_YET))
    if not _value(state, _BANK[2]):
        due.append((_BANK[0], _BANK[1], PAYOUTS))
    return due


def asked(state: Json) -> Json:
    """What was asked for later and has not been given: name -> deadline and whether it has passed."""
    wanted: Json = state.get("asked") or {}
    return {what: one for what, one in wanted.items() if _value(state, ASKABLE[what][2]) in (None, "", "refused")}


def deadline(state: Json) -> int | None:
    """The first deadline that has not passed."""
    return min((one["deadline"] for one in asked(state).values() if not one["past_due"]), default=None)


def needs_document(state: Json) -> bool:
    return state["verification"] == "failed" or "document" in asked(state)


def errors(state: Json) -> list[Json]:
    """v1's requirements.errors: the document that was given could not be read."""
    if state.get("document") != _REFUSED_DOCUMENT or not needs_document(state):
        return []
    return [{"code": UNREADABLE, "reason": UNREADABLE_REASON, "requirement": _DOCUMENT[1][0]}]


def give_document(state: Json, *, readable: bool) -> None:
    """The person uploaded an identity document; a readable one settles what was asked."""
    state["document"] = "accepted" if readable else _REFUSED_DOCUMENT
    if readable and state["verification"] == "failed":
        state["verification"] = "verified"


def transfers_status(state: Json) -> str:
    """v2's word: active, pending or restricted."""
    return "restricted" if "transfers" in state.get("lost", ()) else _standing(state)


def _standing(state: Json) -> str:
    """What the account may do, apart from capabilities that were taken away one by one."""
    if state["platform"]:
        return "active"
    if state.get("closed") or state.get("rejected") or state.get("disabled"):
        return "restricted"
    if any(capability == TRANSFERS for _, _, capability in missing(state)):
        return "restricted"
    return "active" if state["verification"] == "verified" else "pending"


def transfers_active(state: Json) -> bool:
    return bool(state["platform"]) or (bool(state["transfers_requested"]) and transfers_status(state) == "active")


def payouts_enabled(state: Json) -> bool:
    allowed = bool(state["platform"]) or (bool(state["transfers_requested"]) and _standing(state) == "active")
    return allowed and state["bank"] is not None and "payouts" not in state.get("lost", ())


def payouts_status(state: Json) -> str:
    if _standing(state) == "active" and (state["bank"] is None or "payouts" in state.get("lost", ())):
        return "restricted"
    return _standing(state)


def charges_enabled(state: Json) -> bool:
    """card_payments: may be charged on behalf of."""
    return bool(state["platform"]) or v1_card_payments(state) == "active"


def v1_card_payments(state: Json) -> str:
    """v1's word for the card_payments capability: it needs what transfers need."""
    if not state.get("cards_requested"):
        return "unrequested"
    return {"active": "active", "pending": "pending", "restricted": "inactive"}[transfers_status(state)]


def verify(state: Json) -> None:
    """Decide identity verification from what was submitted; Stripe's test birthdays say how it ends."""
    born = state["individual"].get("date_of_birth")
    if not state["submitted"] or born is None or state["tos"] is None or state["verification"] == "verified":
        return
    day = (born["year"], born["month"], born["day"])
    if day == REJECTED_BIRTHDAY:
        state["verification"] = "failed"
    elif day == PENDING_BIRTHDAY:
        state["verification"] = "pending"
    else:
        state["verification"] = "verified"


def v1_transfers(state: Json) -> str:
    """v1's word for the transfers capability: active, pending, inactive or unrequested."""
    if state["platform"]:
        return "active"
    if not state["transfers_requested"]:
        return "unrequested"
    return {"active": "active", "pending": "pending", "restricted": "inactive"}[transfers_status(state)]


def may_pay_out(ctx: Ctx, account: str) -> Json | None:
    """The account's state when automatic payouts may run for it."""
    row = ctx.must(account or ctx.em.platform_id)
    state = row.private
    return state if can_pay_out(state) and state["payout_interval"] != "manual" else None


def can_pay_out(state: Json) -> bool:
    """Nothing more goes to a bank account that sent a payout back, until it is replaced."""
    return payouts_enabled(state) and state["bank"].get("status") != "errored"
