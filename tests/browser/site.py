"""A person at the demo's pages."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import psutil
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

SIZES = {"phone": {"width": 360, "height": 780}, "desktop": {"width": 1440, "height": 900}}


@dataclass
class Site:
    """The running demo."""

    browser: Browser
    web: str
    emulator: str
    logins: Any
    var: Path
    pid: int

    @contextmanager
    def visitor(self, size: str = "desktop") -> Iterator[Visitor]:
        """Somebody with a browser of their own. Leaving fails on anything the browser complained about.

        If the test fails, var/shots/failure.png shows what the person saw last.
        """
        context = self.browser.new_context(viewport=SIZES[size])  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(20_000)
        visitor = Visitor(self, page, [])
        page.on("console", visitor.hears)
        page.on("response", visitor.receives)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        try:
            yield visitor
        except BaseException:
            page.screenshot(path="var/shots/failure.png", full_page=True)
            raise
        finally:
            context.close()
        assert not visitor.complaints, "; ".join(visitor.complaints)

    def environment(self) -> dict[str, str]:
        """The environment the demo gave its own programs: with it, `manage.py` works on the demo."""
        programs = (child.environ() for child in psutil.Process(self.pid).children(recursive=True))
        return next(found for found in programs if found.get("MARKETPLACE_ENV") == "demo" and "DATABASE_URL" in found)

    def login(self, role: str) -> dict[str, str]:
        """The first demo login with this role."""
        return dict(next(login for login in self.logins if login["role"] == role))

    def mail_to(self, address: str, *, containing: str, within: float = 20) -> str:
        """The newest mail to `address` that contains the words. Waits: mail is sent by a worker."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for text in reversed(self._mails()):
                if address in text and containing in text:
                    return text
            time.sleep(0.2)
        raise AssertionError(f"No mail to {address} says {containing!r}")

    def _mails(self) -> list[str]:
        """Every mail as text, the oldest first."""
        files = sorted((self.var / "mail").glob("*"), key=lambda path: path.stat().st_mtime)
        return ["\n".join(readable(part) for part in path.read_bytes().split(b"-" * 79)) for path in files]

    def control(self, path: str, **body: object) -> dict[str, Any]:
        """Use one of the emulator's controls."""
        secrets = json.loads((self.var / "demo" / "secrets.json").read_text())
        request = urllib.request.Request(
            f"{self.emulator}/_emulator/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {secrets['control_token']}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))


@dataclass
class Visitor:
    """One person's browser."""

    site: Site
    page: Page
    complaints: list[str]

    def hears(self, said: ConsoleMessage) -> None:
        """Note what the browser complains about. A page that refuses a form answers 4xx on purpose; see `receives`."""
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            self.complaints.append(said.text)

    def receives(self, response: Response) -> None:
        """Note anything a page is made of that does not come."""
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        """Open one of our pages."""
        self.page.goto(path if path.startswith("http") else self.site.web + path)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button people see under this name."""
        self.page.get_by_role("button", name=name).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the link people see under this name."""
        self.page.get_by_role("link", name=name).first.click()

    def sees(self, words: str | re.Pattern[str]) -> None:
        """Wait until these words are on the page."""
        self.page.get_by_text(words).first.wait_for()

    def sign_in(self, email: str, password: str, path: str = "/accounts/login/") -> None:
        """Sign in on the page that asks for it."""
        self.go(path)
        self.page.locator('input[name="login"]').fill(email)
        self.page.locator('input[name="password"]').fill(password)
        self.page.locator('form:has(input[name="password"]) button[type="submit"]').click()
        self.page.wait_for_load_state()

    def sign_up(self, email: str, password: str) -> None:
        """Fill in the sign-up page that is open, and confirm the address with the link in the mail."""
        self.page.locator('input[name="email"]').fill(email)
        self.page.locator('input[name="password1"]').fill(password)
        self.page.locator('form:has(input[name="password1"]) button[type="submit"]').click()
        self.page.wait_for_load_state()
        mail = self.site.mail_to(email, containing="/accounts/confirm-email/")
        link = re.search(r"http://\S+/accounts/confirm-email/\S+", mail)
        assert link is not None
        self.go(link.group().rstrip('.>"'))
        self.page.locator('main form button[type="submit"]').first.click()
        self.page.wait_for_load_state()

    def pay(self, number: str) -> None:
        """Fill in Stripe's page."""
        self.page.locator('input[name="number"]').fill(number)
        self.page.locator('input[name="exp"]').fill("12 / 40")
        self.page.locator('input[name="cvc"]').fill("123")
        self.page.locator('input[name="name"]').fill("Alice Example")
        self.press(re.compile("^Pay"))
        self.page.wait_for_load_state()

    def looks_right(self) -> None:
        """No accessibility violation, nothing wider than the screen."""
        found = Axe().run(self.page).response["violations"]
        assert [f"{rule['id']}: {rule['nodes'][0]['target']}" for rule in found] == []
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def readable(raw: bytes) -> str:
    """A stored mail as the person reads it: to whom, about what, and the text."""
    message = message_from_bytes(raw.strip(), policy=policy.default)
    texts = [part.get_content() for part in message.walk() if part.get_content_type() == "text/plain"]
    return f"{message['To']}\n{message['Subject']}\n" + "\n".join(texts)
