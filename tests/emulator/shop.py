"""A small marketplace to test the emulator with: sellers who onboard, buyers who pay."""

from collections.abc import Mapping
from typing import Any

import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.types import Outcome

RECIPIENT = {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}}
PERSON = {
    "given_name": "Ada",
    "surname": "Byron",
    "email": "ada@example.org",
    "dob_day": "1",
    "dob_month": "1",
    "dob_year": "1902",
    "line1": "Am Markt 1",
    "city": "Jena",
    "postal_code": "07743",
    "country": "DE",
}
STEPS: dict[str, dict[str, str]] = {
    "business": {"entity_type": "individual", "product_description": "Hats"},
    "person": PERSON,
    "bank": {"iban": "DE89370400440532013000"},
    "review": {"tos": "on"},
}
DAY = 86_400


class Inbox:
    """Both webhook endpoints, with what arrived; answers what it is told to."""

    def __init__(self, em: Emulator) -> None:
        em.add_webhook_endpoint("https://shop.example/platform", "whsec_platform", connect=False)
        em.add_webhook_endpoint("https://shop.example/connect", "whsec_connect", connect=True)
        self.events: list[stripe.Event] = []
        self.urls: list[str] = []
        self.status = 200

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        secret = "whsec_connect" if url.endswith("connect") else "whsec_platform"
        self.events.append(stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret))
        self.urls.append(url)
        return self.status

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


class Shop:
    def __init__(self, em: Emulator, client: stripe.StripeClient) -> None:
        self.em = em
        self.client = client

    def account(self, **more: Any) -> str:
        """A seller who has not been onboarded."""
        params = {
            "contact_email": "ada@example.org",
            "display_name": "Ada's hats",
            "dashboard": "express",
            "identity": {"country": "DE"},
            "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
            "configuration": RECIPIENT,
        }
        return self.client.v2.core.accounts.create({**params, **more}).id

    def link(self, account: str) -> str:
        """A fresh onboarding link's token."""
        flow = {"refresh_url": "https://shop.example/refresh", "return_url": "https://shop.example/return"}
        link = self.client.v2.core.account_links.create(
            {"account": account, "use_case": {"type": "account_onboarding", "account_onboarding": flow}}
        )
        return link.url.rsplit("/", 1)[1]

    def onboard(self, account: str, **person: str) -> str:
        flow = hosted.onboarding_open(self.em, self.link(account))
        for step, values in STEPS.items():
            given = {**values, **person} if step == "person" else values
            assert hosted.onboarding_save(self.em, flow, step, given) == {}
        return hosted.onboarding_finish(self.em, flow)

    def seller(self) -> str:
        account = self.account()
        self.onboard(account)
        return account

    def session(
        self, *, seller: str | None = None, amount: int = 10_000, fee: int | None = None, **more: Any
    ) -> stripe.checkout.Session:
        data: dict[str, Any] = {}
        if seller:
            data["transfer_data"] = {"destination": seller}
        if fee is not None:
            data["application_fee_amount"] = fee
        price = {"currency": "eur", "unit_amount": amount, "product_data": {"name": "Hat"}}
        params = {
            "mode": "payment",
            "success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/basket",
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": data,
        }
        return self.client.v1.checkout.sessions.create({**params, **more})

    def pay(self, session: str, number: str = "4242424242424242", **form: Any) -> Outcome:
        given = {"exp_month": 12, "exp_year": 2040, "cvc": "123", "email": "bob@example.org", "name": "Bob"}
        return hosted.checkout_pay(self.em, session, number=number, **{**given, **form})

    def charge(self, amount: int = 10_000, *, at_once: bool = False, **more: Any) -> stripe.Charge:
        """A platform or destination charge without the hosted page."""
        method = "pm_card_bypassPending" if at_once else "pm_card_visa"
        intent = self.client.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": "eur",
                "payment_method": method,
                "confirm": True,
                "expand": ["latest_charge"],
                **more,
            }
        )
        assert isinstance(intent.latest_charge, stripe.Charge)
        return intent.latest_charge

    def balance(self, account: str = "") -> tuple[int, int]:
        """(available, pending) in cents."""
        options = {"stripe_account": account} if account else {}
        found = self.client.v1.balance.retrieve(options=options)
        return sum(part.amount for part in found.available), sum(part.amount for part in found.pending)
