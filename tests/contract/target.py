"""What the behaviours are run against: the emulator in this process, or Stripe's test mode."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.stripe_inprocess import in_process_client

DAY = 86_400
# what only the emulator can do for a behaviour, and why the behaviour is skipped on Stripe
CONTROLS = {
    "clock": "Stripe's clock cannot be moved",
    "faults": "Stripe cannot be told to fail",
    "pages": "a person has to fill in Stripe's pages",
    "bank": "nobody can tell a bank what to do",
    "hooks": "Stripe's webhooks do not reach this process",
    "live": "Stripe's test mode is less strict than its live mode here",
}
RECIPIENT = {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}}


class Target:
    """A platform account with helpers. Everything is made anew: the account may be full of other things."""

    def __init__(self, client: stripe.StripeClient, em: Emulator | None, controls: frozenset[str], seller: str) -> None:
        self.client = client
        self.v1, self.v2 = client.v1, client.v2
        self._em = em
        self._controls = controls
        self._seller = seller
        self.started = int(time.time()) if em is None else em.now()
        current = self.v1.accounts.retrieve_current()
        self.currency = str(current.default_currency or "eur")
        self.country = str(current.country)

    @property
    def is_stripe(self) -> bool:
        return self._em is None

    def em(self, control: str) -> Emulator:
        """The emulator itself, for a behaviour that says with @needs that it takes this control of it."""
        assert control in self._controls, f'mark this behaviour with @needs("{control}")'
        assert self._em is not None
        return self._em

    def advance(self, *, days: int = 0, seconds: int = 0) -> None:
        self.em("clock").advance(seconds=days * DAY + seconds)

    def wait(self, find: Callable[[], Any]) -> Any:
        """What `find` finds, as soon as it finds something: Stripe takes its time, the emulator's is moved."""
        for _ in range(60):
            found = find()
            if found:
                return found
            if self._em is None:
                time.sleep(2)
            else:
                self._em.advance(seconds=60)
        raise AssertionError("It did not happen in two minutes.")

    def unique(self, what: str) -> str:
        return f"{what}-{uuid.uuid4().hex[:12]}"

    # --- money ---

    def pay(self, amount: int = 10_000, card: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
        """A payment with a test card, its charge and balance transaction expanded."""
        return self.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": self.currency,
                "payment_method": card,
                "confirm": True,
                "return_url": "https://shop.example/back",
                "expand": ["latest_charge.balance_transaction"],
                **more,
            }
        )

    def charge(self, amount: int = 10_000, card: str = "pm_card_visa", **more: Any) -> stripe.Charge:
        charge = self.pay(amount, card, **more).latest_charge
        assert isinstance(charge, stripe.Charge)
        return charge

    def ready(self, amount: int = 10_000, **more: Any) -> stripe.Charge:
        """A charge whose money is available at once."""
        return self.charge(amount, "pm_card_bypassPending", **more)

    def transfer(self, seller: str, amount: int = 5_000, charge: str | None = None, **more: Any) -> stripe.Transfer:
        source = {} if charge is None else {"source_transaction": charge}
        params = {"amount": amount, "currency": self.currency, "destination": seller, **source, **more}
        return self.v1.transfers.create(params)

    def rows(self, source: str, account: str = "") -> list[stripe.BalanceTransaction]:
        """The balance transactions of an object, oldest first."""
        return self.v1.balance_transactions.list({"source": source, "limit": 100}, on(account)).data[::-1]

    def nets(self, source: str, account: str = "") -> list[int]:
        return [row.net for row in self.rows(source, account)]

    def balance(self, account: str = "") -> tuple[int, int]:
        """(available, pending) in minor units of the platform's currency."""
        found = self.v1.balance.retrieve(options=on(account))

        def part(parts: Any) -> int:
            return sum(one.amount for one in parts if one.currency == self.currency)

        return part(found.available), part(found.pending)

    def dispute(self, charge: str) -> stripe.Dispute:
        """The dispute that the charge's test card brings, once it is there."""
        return self.wait(lambda: self.v1.disputes.list({"charge": charge}).data)[0]

    # --- sellers ---

    def account(self, **more: Any) -> str:
        """A connected account nobody has onboarded."""
        params = {
            "contact_email": f"{self.unique('ada')}@example.org",
            "display_name": "Ada's hats",
            "dashboard": "express",
            "identity": {"country": self.country},
            "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
            "configuration": RECIPIENT,
        }
        return self.v2.core.accounts.create({**params, **more}).id

    def seller(self) -> str:
        """A connected account that may receive transfers and payouts. On Stripe: STRIPE_CONTRACT_SELLER."""
        if self._em is None:
            if not self._seller:
                pytest.skip("needs an onboarded connected account: name one in STRIPE_CONTRACT_SELLER")
            return self._seller
        account = self.account()
        hosted.complete_onboarding(self._em, account)
        return account

    # --- events ---

    def told(self, id: str, *types: str, account: str = "") -> list[stripe.Event]:
        """The events of these types about an object, oldest first, once each type is among them."""

        def find() -> list[stripe.Event] | None:
            params: Any = {"types": list(types), "created": {"gte": self.started - 60}, "limit": 100}
            listed = self.v1.events.list(params, on(account)).auto_paging_iter()
            mine = [event for event in listed if getattr(event.data.object, "id", None) == id]
            return mine[::-1] if {event.type for event in mine} == set(types) else None

        return list(self.wait(find))

    def session(self, amount: int = 2_000, **more: Any) -> stripe.checkout.Session:
        price = {"currency": self.currency, "unit_amount": amount, "product_data": {"name": "Hat"}}
        params = {
            "mode": "payment",
            "success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/basket",
            "line_items": [{"quantity": 1, "price_data": price}],
        }
        return self.v1.checkout.sessions.create({**params, **more})

    def fill_in(self, session: str, number: str = "4242424242424242", **form: Any) -> str:
        """What a buyer does on the payment page; answers how it went."""
        given = {"exp_month": 12, "exp_year": 2040, "cvc": "123", "email": "bob@example.org", "name": "Bob"}
        return hosted.checkout_pay(self.em("pages"), session, number=number, **{**given, **form}).kind


def on(account: str, **more: Any) -> Any:
    """Request options for a connected account; the platform itself for none."""
    return {"stripe_account": account, **more} if account else dict(more)


def refused(call: Callable[..., Any], *given: Any, **more: Any) -> stripe.StripeError:
    """The error of a call that must be refused: by a 4xx, not by a failure or by a lack of the emulator's."""
    with pytest.raises(stripe.StripeError) as caught:
        call(*given, **more)
    assert caught.value.http_status is not None
    assert 400 <= caught.value.http_status < 500, caught.value
    return caught.value


def why(error: stripe.StripeError) -> tuple[int | None, str | None, str | None]:
    """(status, code, param) of a refusal."""
    found = error.error
    return error.http_status, getattr(found, "code", None), getattr(found, "param", None)


def stripe_target(key: str, controls: frozenset[str], seller: str, address: str = "") -> Target:
    """Stripe itself; or whatever answers for it at another address, over HTTP and without controls."""
    elsewhere: Any = {"base_addresses": {"api": address, "files": address}} if address else {}
    return Target(stripe.StripeClient(key, max_network_retries=2, **elsewhere), None, controls, seller)


def emulated_target(em: Emulator, controls: frozenset[str]) -> Target:
    return Target(in_process_client(em), em, controls, "")
