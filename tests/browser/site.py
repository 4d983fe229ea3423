"""A person at the demo's pages."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import psutil
from celery import Celery
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, StorageState

from tests.browser import looking
from tests.browser.looking import SIZES

# The demo's people have one password; these work in the admin.
STAFF = ("admin@demo.example", "second@demo.example")


@dataclass
class Site:
    """The running demo."""

    browser: Browser
    web: str
    emulator: str
    logins: Any
    var: Path
    pid: int
    # Who is signed in already, by address; and each file of mails as it was read at that size.
    known: dict[str, StorageState] = field(default_factory=dict)
    letters: dict[Path, tuple[int, list[str]]] = field(default_factory=dict)

    @contextmanager
    def visitor(
        self, size: str = "desktop", *, scripts: bool = True, known: StorageState | None = None
    ) -> Iterator[Visitor]:
        """Somebody with a browser of their own. Leaving fails on anything the browser complained about.

        If the test fails, var/shots/failure.png shows what the person saw last.
        """
        context = self.browser.new_context(
            viewport=SIZES[size],  # type: ignore[arg-type]
            color_scheme=looking.SCHEMES[size],  # type: ignore[arg-type]
            java_script_enabled=scripts,
            reduced_motion="reduce",
            storage_state=known,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        visitor = Visitor(self, page, [], looking.Scripts(page, on=scripts), size)
        page.on("console", visitor.hears)
        page.on("response", visitor.receives)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        try:
            yield visitor
        except BaseException as error:
            # Others may look on; the first one is who it happened to.
            if not getattr(error, "__notes__", ()):
                page.screenshot(path="var/shots/failure.png", full_page=True)
                error.add_note(f"Seen last: var/shots/failure.png, {page.url}")
            raise
        finally:
            context.close()
        assert not visitor.complaints, "; ".join(visitor.complaints)

    @contextmanager
    def somebody(self, email: str, size: str = "desktop", *, scripts: bool = True) -> Iterator[Visitor]:
        """One of the demo's people, signed in: on the page that asks for it the first time, still so afterwards."""
        with self.visitor(size, scripts=scripts, known=self.known.get(email)) as visitor:
            if email not in self.known:
                door = "/admin/" if email in STAFF else "/accounts/login/"
                visitor.sign_in(email, self.login("seller")["password"], door)
                self.known[email] = visitor.page.context.storage_state()
            yield visitor

    def environment(self) -> dict[str, str]:
        """The environment the demo gave its own programs: with it, `manage.py` works on the demo."""
        programs = (child.environ() for child in psutil.Process(self.pid).children(recursive=True))
        return next(found for found in programs if found.get("MARKETPLACE_ENV") == "demo" and "DATABASE_URL" in found)

    def ring(self, task: str) -> None:
        """The worker does now what it does every minute or two."""
        bells = Celery(broker=self.environment()["REDIS_URL"], set_as_current=False)
        bells.conf.broker_transport_options = {"global_keyprefix": "marketplace:"}
        bells.send_task(task)

    def at_stripe(self, path: str, account: str = "") -> dict[str, Any]:
        """What Stripe says."""
        headers = {"Authorization": "Bearer sk_test_emulator"} | ({"Stripe-Account": account} if account else {})
        request = urllib.request.Request(f"{self.emulator}/v1/{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))

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
        found: list[str] = []
        for path, stat in sorted(((path, path.stat()) for path in (self.var / "mail").glob("*")), key=_written):
            size, letters = self.letters.get(path, (0, []))
            if size != stat.st_size:
                letters = [readable(part) for part in path.read_bytes().split(b"-" * 79)]
                self.letters[path] = stat.st_size, letters
            found.append("\n".join(letters))
        return found

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
    scripts: looking.Scripts
    size: str

    def moves_to(self, size: str) -> None:
        """They put the phone away and go on at a desk, or the other way round."""
        self.size = size
        self.page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme=looking.SCHEMES[size])  # type: ignore[arg-type]

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

    def sees_at_last(self, words: str | re.Pattern[str], nudge: Callable[[], None] = lambda: None) -> None:
        """Look again until the page says so; `nudge` is what would make it so, now and again."""
        self.looks_until(self.page.get_by_text(words), nudge)

    def looks_until(self, there: Locator, nudge: Callable[[], None] = lambda: None) -> None:
        """Look again until this is on the page."""
        for look in range(100):
            if there.count():
                break
            if look % 25 == 0:
                nudge()
            self.page.wait_for_timeout(200)
            self.page.reload()
        there.first.wait_for()

    def sign_in(self, email: str, password: str, path: str = "/accounts/login/") -> None:
        """Sign in on the page that asks for it."""
        self.go(path)
        self.page.locator('input[name="login"]').fill(email)
        self.page.locator('input[name="password"]').fill(password)
        self.sends('form:has(input[name="password"]) button[type="submit"]')

    def sign_up(self, email: str, password: str) -> None:
        """Fill in the sign-up page that is open, and confirm the address with the link in the mail."""
        self.page.locator('input[name="email"]').fill(email)
        self.page.locator('input[name="password1"]').fill(password)
        self.sends('form:has(input[name="password1"]) button[type="submit"]')
        mail = self.site.mail_to(email, containing="/accounts/confirm-email/")
        link = re.search(r"http://\S+/accounts/confirm-email/\S+", mail)
        assert link is not None
        self.go(link.group().rstrip('.>"'))
        self.sends('main form button[type="submit"]')

    def sends(self, button: str) -> None:
        """Press this button, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.locator(button).first.click()

    def pay(self, number: str, button: str | re.Pattern[str] = re.compile("^Pay (?!with)")) -> None:
        """Fill in Stripe's page, whatever cards it offers of those kept there."""
        self.page.locator('input[name="number"]').fill(number)
        self.page.locator('input[name="exp"]').fill("12 / 40")
        self.page.locator('input[name="cvc"]').fill("123")
        self.page.locator('input[name="name"]').fill("Alice Example")
        with self.page.expect_navigation():
            self.press(button)

    def looks_right(self, name: str = "") -> None:
        """Nothing is wrong with this page at any width, in either scheme."""
        wrong = looking.everything_wrong(self.page, self.scripts, self.size, name)
        assert not wrong, "\n".join(wrong)


def readable(raw: bytes) -> str:
    """A stored mail as the person reads it: to whom, about what, and the text."""
    message = message_from_bytes(raw.strip(), policy=policy.default)
    texts = [part.get_content() for part in message.walk() if part.get_content_type() == "text/plain"]
    return f"{message['To']}\n{message['Subject']}\n" + "\n".join(texts)


def _written(file: tuple[Path, os.stat_result]) -> float:
    return file[1].st_mtime
