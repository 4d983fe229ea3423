"""A whole world for one test: the emulator in-process, its events delivered to our door, its clock moved with ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models.functions import Now
from django.test import Client

from accounts import onboarding
from accounts.models import ConnectedAccount, Seller, User
from catalog.models import Listing
from customers.mirror import ensure_stripe_customer
from customers.models import Customer
from emulator import business, hosted
from emulator.core import Emulator
from emulator.types import Outcome, Response
from gateway import client as gateway
from gateway import operations, reads
from inbox.handle import handle_waiting
from inbox.models import StripeEvent
from kit.clock import fixed_at, now
from orders import progress
from orders.models import Purchase
from payments import sweeps
from payments.models import Share
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    ListingFactory,
    MembershipFactory,
    SellerFactory,
    UserFactory,
    accept_guidelines,
)

CARD = "4242424242424242"
DECLINED = "4000000000000002"


class World:
    """Stripe as the marketplace meets it, and the people who trade."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.door = Client()
        self.seen: list[tuple[str, str]] = []
        self._by_hand = 0
        self.buyers = 0
        # Whether what is bought is paid at Stripe only, and nobody told us yet.
        self.keeps_quiet = False
        self._handle = emulator.handle
        emulator.handle = self._handle_and_note  # type: ignore[method-assign]

    # --- Stripe's side ---

    def deliver(self) -> int:
        """Send every due event to our door; how many were sent."""
        return self.emulator.deliver_due(self._send)

    def work(self) -> None:
        """What a worker does: handle the stored events."""
        while handle_waiting():
            pass

    def settle(self) -> None:
        """Events delivered and handled, until nothing moves."""
        while self.deliver():
            self.work()
        self.work()

    def pay(self, session_id: str, number: str = CARD) -> Outcome:
        """The buyer fills in the hosted page."""
        return hosted.checkout_pay(
            self.emulator,
            session_id,
            number=number,
            exp_month="12",
            exp_year="2040",
            cvc="123",
            email="alice@example.org",
            name="Alice Example",
        )

    @contextmanager
    def later(self, *, days: int = 0, minutes: int = 0) -> Iterator[None]:
        """Move Stripe's clock forward, and ours with it, for the rest of the block."""
        self.emulator.advance(seconds=(days * 24 * 60 + minutes) * 60)
        with fixed_at(datetime.fromtimestamp(self.emulator.now(), UTC)):
            yield

    def events(self) -> list[dict[str, Any]]:
        """Every event of the platform's, newest first."""
        found: list[dict[str, Any]] = gateway.get("/v1/events", {"limit": 100})["data"]
        return found

    def requests(self, request: str) -> int:
        """How many requests like "POST /v1/refunds" reached Stripe."""
        return sum(1 for method, url in self.seen if f"{method} {url.partition('?')[0]}" == request)

    def foreign_session(self) -> str:
        """A payment page of our account that no row here knows: made in Stripe's Dashboard, say."""
        line = {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Gift"}}}
        params = {"mode": "payment", "line_items": [line], "success_url": "https://shop.example/thanks"}
        return str(gateway.post("/v1/checkout/sessions", params, key="foreign").body["id"])

    def in_the_dashboard(self, request: str, params: dict[str, Any]) -> dict[str, Any]:
        """Something the platform's people do at Stripe and not here, like "POST /v1/refunds"."""
        self._by_hand += 1
        return gateway.post(request.partition(" ")[2], params, key=f"by-hand-{self._by_hand}").body

    def finish(self) -> None:
        """Everything that goes on by itself after a crash, until nothing moves: leases end, sweeps and events."""
        with fixed_at(now() + operations.LEASE + timedelta(seconds=1)):
            for _round in range(3):
                self.release_leases()
                StripeEvent.objects.filter(status="received").update(due_at=Now())
                operations.finish_due()
                sweeps.follow()
                self.settle()

    def fail_refund(self, stripe_id: str) -> None:
        """The buyer's bank sends a refund back, and we hear of it."""
        business.fail_refund(self.emulator, stripe_id)
        self.settle()

    def release_leases(self) -> None:
        """As if the time a dead worker had for its events were over."""
        StripeEvent.objects.update(claimed_until=None)

    def ensure_customer(self, email: str) -> None:
        """The buyer's Customer exists at Stripe already."""
        ensure_stripe_customer(Customer.objects.get(user__email=email), email)

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        answer = self.door.post(
            urlsplit(url).path,
            body,
            content_type="application/json",
            headers={"Stripe-Signature": headers["Stripe-Signature"]},
        )
        return int(answer.status_code)

    def _handle_and_note(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        self.seen.append((method, url))
        return self._handle(method, url, headers, body)

    # --- the people ---

    def seller(self, name: str = "Bob's linen", *, email: str = "bob@example.org") -> Seller:
        """A seller who went through onboarding: Stripe lets them be paid."""
        owner = UserFactory(email=email)
        seller = SellerFactory(name=name)
        MembershipFactory(seller=seller, user=owner)
        accept_guidelines(seller, owner)
        account = onboarding.open_account(seller, email)
        hosted.complete_onboarding(self.emulator, str(account.stripe_id))
        onboarding.refresh(account)
        return seller

    def listing(self, **changes: Any) -> Listing:
        """Something of Bob's to buy."""
        if "seller" not in changes:
            changes["seller"] = self.seller()
        listing: Listing = ListingFactory(**changes)
        return listing

    def buyer(self, email: str = "alice@example.org") -> tuple[Client, Customer]:
        """Alice, signed in, with an address."""
        user: User = UserFactory(email=email)
        customer: Customer = CustomerFactory(user=user)
        AddressFactory(customer=customer)
        client = Client()
        client.force_login(user)
        return client, customer

    def check_out(self, client: Client, listing: Listing, quantity: int = 1) -> Purchase:
        """Put something in the basket and go to Stripe's page; the purchase waits for payment."""
        client.post("/basket/add/", {"listing": listing.pk, "quantity": quantity})
        answer = self.press_pay(client)
        assert answer.status_code == 303, answer.content.decode()[:2000]
        return Purchase.objects.latest("pk")

    def bought(self, prices: Sequence[int] = (1000, 2500, 3333), *, card: str = CARD, **changes: Any) -> list[Share]:
        """Alice paid for one thing of each of several sellers, on one page: their shares."""
        shops = [self.seller(f"Shop {n}", email=f"shop{n}@example.org") for n, _price in enumerate(prices)]
        things = [
            ListingFactory(seller=shop, price=price, **changes) for shop, price in zip(shops, prices, strict=True)
        ]
        client, _customer = self.buyer()
        for thing in things:
            client.post("/basket/add/", {"listing": thing.pk, "quantity": 1})
        answer = self.press_pay(client)
        assert answer.status_code == 303, answer.content.decode()[:2000]
        purchase = Purchase.objects.latest("pk")
        self.pay(str(purchase.payments.get().session_id), card)
        if not self.keeps_quiet:
            self.settle()
        return list(Share.objects.filter(payment__purchase=purchase).order_by("pk"))

    def bought_again(self, share: Share, price: int) -> Share:
        """Somebody else bought something from the same seller."""
        people = self.buyers = self.buyers + 1
        client, _customer = self.buyer(f"buyer{people}@example.org")
        purchase = self.check_out(client, ListingFactory(seller=share.order.seller, price=price))
        self.pay(str(purchase.payments.get().session_id))
        self.settle()
        found: Share = Share.objects.get(payment__purchase=purchase)
        return found

    def bought_at_once(self, price: int, *, card: str = CARD) -> Share:
        """Alice paid for something handed over: its money went to the seller with the payment."""
        client, _customer = self.buyer()
        purchase = self.check_out(client, self.listing(price=price, delivery="pickup"))
        self.pay(str(purchase.payments.get().session_id), card)
        self.settle()
        found: Share = Share.objects.get(payment__purchase=purchase)
        return found

    def delivered(self, share: Share) -> None:
        """The seller sent it, and the buyer says that it arrived."""
        progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
        progress.deliver(share.order, at=now(), actor="buyer", reason="I received it.", said_by="buyer")

    def press_pay(self, client: Client, currency: str = "") -> Any:
        """Fill in the checkout page as it is shown and press the button of a currency, the first unless it is said."""
        page = client.get("/checkout/")
        if page.status_code != 200:
            return page
        form = page.context["form"]
        answers = {field.html_name: field.value() for field in form.hidden_fields() if field.name != "currency"}
        answers["currency"] = currency or page.context["sections"][0].currency
        if form.saved:
            answers["address"] = str(form.saved[0].pk)
        return client.post("/checkout/", answers)

    def stripe_total(self, account: str = "") -> dict[str, int]:
        """What Stripe says a balance holds, available and pending together, by currency."""
        found = reads.balance(account=account)
        totals = {c: found.available.get(c, 0) + found.pending.get(c, 0) for c in {*found.available, *found.pending}}
        return {currency: amount for currency, amount in totals.items() if amount}

    def account_of(self, seller: Seller) -> ConnectedAccount:
        """The seller's account as we know it."""
        return seller.connected_accounts.get(closed_at=None)
