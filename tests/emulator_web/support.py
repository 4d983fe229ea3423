"""What the tests of the running emulator share: starting it, a shop that receives its webhooks, calls they all make."""

import http.server
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stripe

from emulator.transcript import FOLDER_VARIABLE
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk_test_emulator"
PLATFORM_SECRET = "whsec_platform"
CONNECT_SECRET = "whsec_connect"


def get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def post_json(url: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        url, data=json.dumps(body or {}).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_for(what: Callable[[], Any], seconds: float = 5.0) -> Any:
    """The first truthy answer; an assertion error when none comes in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.01)
    raise AssertionError(f"nothing within {seconds} s")


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Shop:
    """Where people come back to, and where events are sent."""

    url: str
    received: list[Received] = field(default_factory=list)
    answer: int = 200
    # Before it answers, seconds.
    thinks: float = 0.0

    def events(self, type: str) -> list[Received]:
        return [one for one in list(self.received) if one.event["type"] == type]


def shop_handler(shop: Shop) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.received.append(Received(self.path, dict(self.headers), body, time.monotonic()))
            time.sleep(shop.thinks)
            self.send_response(shop.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            page = b"<!doctype html><html lang=en><title>Shop</title><h1>Back at the shop</h1></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def environment(**extra: str) -> dict[str, str]:
    """What a fresh shell would have: no emulator or Django settings of the caller's, but strict as all tests are."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EMULATOR_", "DJANGO_", "STRIPE_"))}
    if FOLDER_VARIABLE in os.environ:
        kept[FOLDER_VARIABLE] = os.environ[FOLDER_VARIABLE]  # a transcript of the whole test run is being written
    return {**kept, "EMULATOR_STRICT": "1", **extra}


@dataclass
class Running:
    """A started emulator."""

    url: str
    process: subprocess.Popen[str]

    @property
    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(KEY, base_addresses={"api": self.url, "files": self.url}, max_network_retries=0)

    def stop(self) -> float:
        """Ask it to end; how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return time.monotonic() - began


def launch(*arguments: str, port: int | None = None, **env: str) -> Running:
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", str(port), *arguments],
        cwd=ROOT,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Running(f"http://127.0.0.1:{port}", process)

    def answers() -> bool:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[0])
        try:
            return bool(get_json(f"{running.url}/healthz")["ok"])
        except OSError:
            return False

    try:
        wait_for(answers, 20)
    except AssertionError:
        process.kill()
        process.communicate()
        raise
    return running


def open_seller(client: stripe.StripeClient, shop: Shop, country: str = "de") -> tuple[str, str]:
    """A new recipient account and its onboarding address."""
    account = client.v2.core.accounts.create(
        params={
            "contact_email": "anna@example.com",
            "display_name": "Birch Pottery",
            "dashboard": "express",
            "identity": {"country": country},
            "configuration": {
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
            },
            "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
        }
    )
    return account.id, onboarding_link(client, shop, account.id)


def onboarding_link(client: stripe.StripeClient, shop: Shop, account: str) -> str:
    link = client.v2.core.account_links.create(
        params={
            "account": account,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "collection_options": {"fields": "eventually_due"},
                    "refresh_url": f"{shop.url}/refresh",
                    "return_url": f"{shop.url}/return",
                },
            },
        }
    )
    return str(link.url)


def open_session(client: stripe.StripeClient, shop: Shop, **extra: Any) -> stripe.checkout.Session:
    """A payment page for two bowls and their delivery: 72.90 EUR."""
    params: Any = {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {"currency": "eur", "unit_amount": 3400, "product_data": {"name": "Stoneware bowl"}},
                "quantity": 2,
            },
            {
                "price_data": {"currency": "eur", "unit_amount": 490, "product_data": {"name": "Delivery"}},
                "quantity": 1,
            },
        ],
        "success_url": f"{shop.url}/paid?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{shop.url}/basket",
        **extra,
    }
    return client.v1.checkout.sessions.create(params=params)
