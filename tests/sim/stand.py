"""The stage of a simulation: one database and one emulator, brought back to the same beginning for every example.

What a beginning costs is paid once: three shops that went through onboarding, four buyers, two members of staff.
Between examples every row that came after it is deleted and the emulator takes its copied state again, which is some
milliseconds against the seconds that a flush of every table and three onboardings take. Commits are real (no test
transaction around them), so deferred constraints and row locks are those of production.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pgtrigger
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import ConnectedAccount, Seller, User
from catalog.models import Category
from customers.mirror import ensure_stripe_customer
from customers.models import Address, Customer
from emulator.core import Emulator
from emulator.types import Delivery
from gateway import client as gateway
from kit.clock import fixed_at
from tests.factories import AddressFactory, CategoryFactory, CustomerFactory, UserFactory
from tests.signing import CONNECT, PLATFORM
from tests.stripe_inprocess import InProcessHTTPClient, in_process_client
from tests.unit.gateway.support import Requests
from tests.world import World

SHOPS = 3
BUYERS = 4
RESTORED = ("transfers", "payouts", "requirements", "refreshed_at", "closed_at")


class Bugs(logging.Handler):
    """What the code under test caught so that one row does not hold up the others, and what nobody should see."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Only what was raised and not foreseen: refusals are logged without an exception."""
        said: Any = record.msg
        if isinstance(said, dict) and said.get("exception"):
            self.found.append(f"{said.get('event')}:\n{said['exception']}")


class Stand:
    """The people, the emulator and the clock."""

    def __init__(self, stack: ExitStack) -> None:
        self.emulator = Emulator(":memory:", secret_key=settings.STRIPE_SECRET_KEY, clock="frozen", strict=False)
        stack.callback(self.emulator.close)
        for path, secrets, connect in (
            (PLATFORM, settings.STRIPE_WEBHOOK_SECRETS, False),
            (CONNECT, settings.STRIPE_CONNECT_WEBHOOK_SECRETS, True),
        ):
            self.emulator.add_webhook_endpoint(f"http://testserver{path}", secrets[0], connect=connect)
        stack.enter_context(gateway.speaking_through(InProcessHTTPClient(self.emulator)))
        # Not our gateway's: what people do there is none of our operations, and says nothing about our line to Stripe.
        self.dashboard = in_process_client(self.emulator, max_network_retries=0)
        self.bugs = Bugs()
        logging.getLogger().addHandler(self.bugs)
        stack.callback(logging.getLogger().removeHandler, self.bugs)
        self.requests = Requests(self.emulator)
        self.world = World(self.emulator)
        self.door = Client()
        # What a worker does with events that come before Stripe's answer to whoever caused them.
        self.at_once: Callable[[], object] = lambda: None
        self.emulator.deliver_now = self._deliver_now
        self._clock = ExitStack()
        stack.callback(self._clock.close)
        self._copy = sqlite3.connect(":memory:", isolation_level=None)
        stack.callback(self._copy.close)
        self._open()

    def _open(self) -> None:
        self.follow_the_clock()
        self.sellers: list[Seller] = [
            self.world.seller(f"Shop {number}", email=f"shop{number}@example.org") for number in range(SHOPS)
        ]
        self.staff: list[User] = [UserFactory(email=f"staff{number}@example.org") for number in range(2)]
        self.buyers: list[Customer] = [CustomerFactory() for _number in range(BUYERS)]
        self.addresses: list[Address] = [AddressFactory(customer=buyer) for buyer in self.buyers]
        for buyer in self.buyers:
            ensure_stripe_customer(buyer, "test")
        self.category: Category = CategoryFactory()
        self.world.settle()
        self._accounts = list(ConnectedAccount.objects.values("pk", *RESTORED))
        self._last_ids = _last_ids()
        moment = self.emulator.copy_state(self._copy)
        clock = "INSERT INTO meta VALUES ('clock', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        self._copy.execute(clock, (json.dumps(moment),))

    def begin(self) -> None:
        """As at the beginning, at both clocks."""
        with pgtrigger.ignore(), connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table, last in self._last_ids.items():
                cursor.execute(f"DELETE FROM {table}" + ("" if last is None else f" WHERE id > {last}"))
            cursor.execute("RESET session_replication_role")
            # The sweeps take what is open in any order: the same one for the same example.
            cursor.execute("SELECT setseed(0.5)")
        for account in self._accounts:
            ConnectedAccount.objects.filter(pk=account["pk"]).update(**{name: account[name] for name in RESTORED})
        self.emulator.take_state(self._copy)
        self.bugs.found.clear()
        self.requests.seen.clear()
        self.requests.answers.clear()
        self.world.seen.clear()
        self.follow_the_clock()

    def wait(self, seconds: int) -> None:
        """So much time passes, at Stripe and here."""
        self.emulator.advance(seconds=seconds)
        self.follow_the_clock()

    def follow_the_clock(self) -> None:
        """Business time here is the emulator's."""
        self._clock.close()
        self._clock.enter_context(fixed_at(datetime.fromtimestamp(self.emulator.now(), UTC)))

    def deliver(self, order: Callable[[list[Delivery]], list[tuple[Delivery, int]]]) -> int:
        """Send what is due: `order` says in which order, and how often each is sent (0: it is lost on its way, and sent
        again later). How many arrived.
        """
        arrived = 0
        for delivery, copies in order(self.emulator.due_deliveries()):
            status: int | None = None
            for _copy in range(copies):
                status = self._send(delivery.url, delivery.headers, delivery.body)
                arrived += 1
            self.emulator.record_attempt(delivery.id, status, None if status else "lost on its way")
        return arrived

    def _deliver_now(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        status = self._send(url, headers, body)
        self.at_once()
        return status

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        signature = {"Stripe-Signature": headers["Stripe-Signature"]}
        path = urlsplit(url).path
        return self.door.post(path, body, content_type="application/json", headers=signature).status_code


def _last_ids() -> dict[str, int | None]:
    """Of every table that may grow: the last id of the beginning, None if nothing of it is from then."""
    found: dict[str, int | None] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            cursor.execute(f"SELECT count(*) FROM {table}")
            row = cursor.fetchone()
            if not row or not row[0]:
                found[table] = None
            elif "id" in columns and table != "django_migrations":
                cursor.execute(f"SELECT max(id) FROM {table}")
                last = cursor.fetchone()
                if last and isinstance(last[0], int):
                    found[table] = last[0]
    return found
