"""The hosted payment page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator import debits
from emulator.cards import BY_NUMBER, CARDS, Card
from emulator.context import Ctx
from emulator.errors import HostedError, StripeError
from emulator.resources import checkout_sessions, collecting, debit_methods, payments, setup_intents
from emulator.resources.collecting import EXAMPLE
from emulator.resources.payment_methods import detach, make
from emulator.store import Row
from emulator.types import Json, Outcome

if TYPE_CHECKING:
    from emulator.core import Emulator

# number -> what it does, in the words shown beside the form
TEST_CARDS: dict[str, str] = {card.number: card.label for card in CARDS}
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_SESSION_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def checkout_view(em: Emulator, session_id: str) -> Json:
    """Everything the payment page shows.

    Keys: session (API shape), lines [{name, description, quantity, unit_amount, amount, currency}], subtotal, total,
    discount (0 or less), discount_name, currency, setup (a card is kept, nothing paid), may_save (a tick may keep the
    card), merchant, status ("open" | "complete" | "expired"), customer_email, saved_cards [{id, brand, last4,
    exp_month, exp_year}], test_cards [{number, label}], methods [of "card", "sepa_debit"], test_debits [{iban, label}],
    waiting (paid by debit, the bank has not answered), failed (it refused), success_url (placeholder replaced),
    cancel_url, next_action ("authenticate" | None), free (nothing to pay), delivery (amount or None), asked (see
    `collecting.asked`), may_remove (saved cards may be removed). Amounts are minor units.
    Raises HostedError(status=404) for an unknown session.
    """
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        body, details = row.body, row.body["customer_details"] or {}
        items, texts = row.private["items"], row.private["descriptions"]
        return {
            "session": ctx.shown(row),
            "lines": [_line(item, text) for item, text in zip(items, texts, strict=True)],
            "subtotal": body["amount_subtotal"],
            "total": body["amount_total"],
            "discount": -(body["total_details"] or {"amount_discount": 0})["amount_discount"],
            "discount_name": _discount_name(ctx, row),
            "setup": body["mode"] == "setup",
            "may_save": _may_save(row),
            "currency": body["currency"],
            "merchant": em.settings.platform_name,
            "status": body["status"],
            "customer_email": details.get("email") or "",
            "saved_cards": [_saved(card) for card in checkout_sessions.saved_cards(ctx, row)],
            "test_cards": [{"number": number, "label": label} for number, label in TEST_CARDS.items()],
            "methods": [] if _free(row) else list(body["payment_method_types"]),
            "test_debits": [{"iban": debit.iban, "label": debit.label} for debit in debits.SHOWN],
            "free": _free(row),
            "delivery": (body["shipping_cost"] or {}).get("amount_total"),
            "asked": collecting.asked(ctx, row),
            "may_remove": (body["saved_payment_method_options"] or {}).get("payment_method_remove") == "enabled",
            "waiting": _paying(ctx, row) == "processing",
            "failed": body["status"] == "complete" and _paying(ctx, row) == "requires_payment_method",
            "success_url": success_url(row),
            "cancel_url": body["cancel_url"],
            "next_action": _next_action(ctx, row),
        }


def checkout_pay(  # noqa: PLR0913 - the fields of the form
    em: Emulator,
    session_id: str,
    *,
    number: str,
    exp_month: str | int,
    exp_year: str | int,
    cvc: str,
    email: str = "",
    name: str = "",
    save: bool = False,
    asked: Mapping[str, str] = EXAMPLE,
) -> Outcome:
    """Try to pay with a test card. Only the numbers of TEST_CARDS are ever accepted; spaces in them are fine.

    `field` of an invalid outcome is one of number, exp_month, exp_year, cvc, email, name, or a field of `asked`: the
    answers to what the session asks besides (delivery, phone, consent).
    """
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        settled = _settled(row) or _asked(ctx, row, asked)
        if settled is not None:
            return settled
        if _free(row):
            return _order(ctx, row, email)
        wanted = email.strip() or (row.body["customer_details"] or {}).get("email") or ""
        form = _Form(ctx, number, str(exp_month), str(exp_year), cvc, wanted)
        if form.problem is not None:
            return form.problem
        row.private["payer"] = {"email": wanted, "name": name.strip()}
        method = make(
            ctx, form.card, exp_month=form.month, exp_year=form.year, billing={"email": wanted, "name": name.strip()}
        )
        ticked = save and _may_save(row)
        method.body["allow_redisplay"] = "always" if ticked else row.private.get("redisplay") or _redisplay(row)
        ctx.save(method)
        ctx.save(row)
        return _attempt(ctx, row, _intent(ctx, row, ticked), method, authenticated=False)


def checkout_order(em: Emulator, session_id: str, *, email: str = "", asked: Mapping[str, str] = EXAMPLE) -> Outcome:
    """Order what costs nothing: there is no payment. HostedError(status=409) where something is due."""
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        settled = _settled(row) or _asked(ctx, row, asked)
        if settled is not None:
            return settled
        if not _free(row):
            raise HostedError("This order has to be paid. Enter a card.", status=409)
        return _order(ctx, row, email)


def _free(row: Row) -> bool:
    return row.body["mode"] == "payment" and not row.body["amount_total"]


def _order(ctx: Ctx, row: Row, email: str) -> Outcome:
    wanted = email.strip() or (row.body["customer_details"] or {}).get("email") or ""
    if not _EMAIL.match(wanted):
        return Outcome("invalid", "Enter an e-mail address for the receipt.", field="email")
    checkout_sessions.complete(ctx, row, email=wanted, name=None)
    return Outcome("paid", redirect_url=success_url(row))


def checkout_remove_card(em: Emulator, session_id: str, *, card: str) -> None:
    """The buyer removes a saved card; HostedError(status=404) where the session does not let them."""
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        options = row.body["saved_payment_method_options"] or {}
        found = next((one for one in checkout_sessions.saved_cards(ctx, row) if one.id == card), None)
        if found is None or options.get("payment_method_remove") != "enabled" or row.body["status"] != "open":
            raise HostedError("This card cannot be removed here.", status=404)
        detach(ctx, found)


def _asked(ctx: Ctx, row: Row, given: Mapping[str, str]) -> Outcome | None:
    """Keep what the buyer filled in besides the card, or say what is missing."""
    wrong = collecting.problem(ctx, row, given)
    if wrong is not None:
        return Outcome("invalid", wrong[1], field=wrong[0])
    collecting.keep(ctx, row, given)
    return None


def checkout_pay_debit(
    em: Emulator,
    session_id: str,
    *,
    iban: str,
    email: str = "",
    name: str = "",
    asked: Mapping[str, str] = EXAMPLE,
) -> Outcome:
    """Pay by SEPA Direct Debit from a test account: the session completes, the bank's answer comes later.

    `field` of an invalid outcome is one of iban, email, name, or a field of `asked`. Raises HostedError(status=409)
    where it is not offered.
    """
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        settled = _settled(row) or _asked(ctx, row, asked)
        if settled is not None:
            return settled
        if debit_methods.TYPE not in row.body["payment_method_types"]:
            raise HostedError("This page takes no direct debits. Pay by card instead.", status=409)
        debit, payer = debits.find(iban), name.strip()
        wanted = email.strip() or (row.body["customer_details"] or {}).get("email") or ""
        if not _EMAIL.match(wanted):
            return Outcome("invalid", "Enter an e-mail address for the receipt.", field="email")
        if debit is None:
            message = "Enter one of the test IBANs. Never type a real one here." if iban.strip() else "Enter an IBAN."
            return Outcome("invalid", message, field="iban")
        if not payer:
            return Outcome("invalid", "Enter the name of the account's holder.", field="name")
        row.private["payer"] = {"email": wanted, "name": payer}
        ctx.save(row)
        method = debit_methods.make(ctx, debit, billing=row.private["payer"])
        return _attempt(ctx, row, _intent(ctx, row, False), method, authenticated=False)


def checkout_pay_saved(em: Emulator, session_id: str, *, card: str, asked: Mapping[str, str] = EXAMPLE) -> Outcome:
    """Pay with one of the saved cards the page shows; HostedError(status=404) for any other."""
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        settled = _settled(row) or _asked(ctx, row, asked)
        if settled is not None:
            return settled
        method = next((one for one in checkout_sessions.saved_cards(ctx, row) if one.id == card), None)
        if method is None:
            raise HostedError("This card is not saved any more. Enter a card instead.", status=404)
        return _attempt(ctx, row, _intent(ctx, row, False), method, authenticated=False)


def _may_save(row: Row) -> bool:
    options = row.body["saved_payment_method_options"] or {}
    return row.body["mode"] == "payment" and options.get("payment_method_save") == "enabled"


def _redisplay(row: Row) -> str:
    kept = row.body["mode"] == "setup" or row.private["payment"].get("setup_future_usage")
    return "limited" if kept else "unspecified"


def _intent(ctx: Ctx, row: Row, ticked: bool) -> Row:
    """What the card is for: the session's setup intent, or its payment intent (which saves the card when ticked)."""
    if row.body["mode"] == "setup":
        return ctx.must(row.body["setup_intent"])
    if _free(row):
        raise HostedError("There is nothing to pay. Place the order instead.", status=409)
    intent = checkout_sessions.intent_of(ctx, row)
    wanted = row.private["payment"].get("setup_future_usage")
    intent.body["setup_future_usage"] = wanted or ("on_session" if ticked else None)
    ctx.save(intent)
    return intent


def _saved(row: Row) -> Json:
    card = row.body["card"]
    return {"id": row.id, **{name: card[name] for name in ("brand", "last4", "exp_month", "exp_year")}}


def checkout_authenticate(em: Emulator, session_id: str, *, succeed: bool) -> Outcome:
    """Answer the 3-D Secure step: paid when it succeeds, declined when it fails."""
    with em.visit() as ctx:
        row = _session(ctx, session_id)
        settled = _settled(row)
        if settled is not None:
            return settled
        if _next_action(ctx, row) is None:
            raise HostedError("There is nothing to authenticate. Enter a card first.", status=409)
        intent = _current(ctx, row)
        if not succeed and intent.kind == "setup_intent":
            setup_intents.refuse_authentication(ctx, intent)
            return Outcome("declined", intent.body["last_setup_error"]["message"])
        if not succeed:
            payments.refuse_authentication(ctx, intent)
            return Outcome("declined", intent.body["last_payment_error"]["message"])
        return _attempt(ctx, row, intent, ctx.must(intent.body["payment_method"]), authenticated=True)


def success_url(row: Row) -> str:
    return str(row.body["success_url"]).replace(_SESSION_PLACEHOLDER, row.id)


def _session(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != "checkout.session":
        raise HostedError("There is no such payment page.", status=404)
    return row


def _settled(row: Row) -> Outcome | None:
    if row.body["status"] == "complete":
        return Outcome("complete", "This payment has been made already.", redirect_url=success_url(row))
    if row.body["status"] == "expired":
        return Outcome("expired", "This payment page has expired. Nothing was charged.")
    return None


def _line(item: Json, text: str) -> Json:
    return {
        "name": item["description"],
        "description": text,
        "quantity": item["quantity"],
        "unit_amount": item["price"]["unit_amount"],
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
    }


def _current(ctx: Ctx, row: Row) -> Row:
    return ctx.must(row.body["setup_intent"] or row.body["payment_intent"])


def _discount_name(ctx: Ctx, row: Row) -> str:
    """What the coupon is called; "" for none, or one without a name."""
    ids = [discount["coupon"] for discount in row.body["discounts"]]
    coupon = ctx.store.get(ids[0]) if ids else None
    return str(coupon.body["name"] or "") if coupon is not None else ""


def _paying(ctx: Ctx, row: Row) -> str | None:
    """The status of the session's payment intent."""
    return ctx.must(row.body["payment_intent"]).body["status"] if row.body["payment_intent"] else None


def _next_action(ctx: Ctx, row: Row) -> str | None:
    if row.body["status"] != "open" or not (row.body["setup_intent"] or row.body["payment_intent"]):
        return None
    return "authenticate" if _current(ctx, row).body["status"] == "requires_action" else None


def _attempt(ctx: Ctx, row: Row, intent: Row, method: Row, *, authenticated: bool) -> Outcome:
    back = f"{ctx.em.public_url}/c/pay/{row.id}"
    try:
        attempt = setup_intents.attempt if intent.kind == "setup_intent" else payments.attempt
        status = attempt(ctx, intent, method, authenticated=authenticated, return_url=back)
    except StripeError as refused:
        # the seller lost the right to receive money since the page was opened
        raise HostedError(f"This payment cannot be taken now: {refused.message}", status=409) from refused
    if status == "requires_action":
        return Outcome("requires_action", "Your bank asks you to confirm this payment.")
    if status == "requires_payment_method":
        error = intent.body["last_setup_error" if intent.kind == "setup_intent" else "last_payment_error"]
        return Outcome("declined", error["message"])
    payer = row.private.get("payer") or {}
    checkout_sessions.complete(ctx, row, email=payer.get("email"), name=payer.get("name"))
    return Outcome("processing" if status == "processing" else "paid", redirect_url=success_url(row))


class _Form:
    """The card form, checked field by field; `problem` is the first thing wrong with it."""

    def __init__(self, ctx: Ctx, number: str, exp_month: str, exp_year: str, cvc: str, email: str) -> None:
        self.card: Card = CARDS[0]
        self.month = self.year = 0
        self.problem = (
            self._number(number) or self._expiry(ctx.now, exp_month, exp_year) or self._cvc(cvc) or self._email(email)
        )

    def _number(self, number: str) -> Outcome | None:
        digits = re.sub(r"[\s-]", "", number)
        card = BY_NUMBER.get(digits)
        if card is not None:
            self.card = card
            return None
        message = (
            "Enter one of the test card numbers. Never type a real card here." if digits else "Enter a card number."
        )
        return Outcome("invalid", message, field="number")

    def _expiry(self, now: int, exp_month: str, exp_year: str) -> Outcome | None:
        if not exp_month.strip().isdigit() or not 1 <= int(exp_month) <= 12:
            return Outcome("invalid", "Enter a month from 1 to 12.", field="exp_month")
        if not exp_year.strip().isdigit() or len(exp_year.strip()) not in (2, 4):
            return Outcome("invalid", "Enter the year the card expires.", field="exp_year")
        self.month, self.year = int(exp_month), int(exp_year)
        if self.year < 100:
            self.year += 2000
        today = datetime.fromtimestamp(now, UTC)
        if (self.year, self.month) < (today.year, today.month):
            return Outcome(
                "invalid", "This card has expired.", field="exp_month" if self.year == today.year else "exp_year"
            )
        if self.year > today.year + 50:
            return Outcome("invalid", "Enter the year the card expires.", field="exp_year")
        return None

    def _cvc(self, cvc: str) -> Outcome | None:
        if not re.fullmatch(r"\d{3}", cvc.strip()):
            return Outcome("invalid", "Enter the three digits on the back of the card.", field="cvc")
        return None

    def _email(self, email: str) -> Outcome | None:
        if not _EMAIL.match(email):
            return Outcome("invalid", "Enter an e-mail address for the receipt.", field="email")
        return None
