"""Who may turn the knobs when the emulator listens beyond this machine."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.emulator_web.support import Running, launch

TOKEN = "a-token-of-ones-own"


def outside_address() -> str | None:
    """This machine's address on its network, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


@pytest.fixture(scope="module")
def outside() -> Iterator[Running]:
    """The emulator as another machine sees it."""
    address = outside_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    running = launch("--host", "0.0.0.0", EMULATOR_CONTROL_TOKEN=TOKEN, EMULATOR_ALLOWED_HOSTS=address)
    yield Running(running.url.replace("127.0.0.1", address), running.process)
    running.stop()


def reset(running: Running, **headers: str) -> int:
    request = urllib.request.Request(f"{running.url}/_emulator/reset", data=b"", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_control_call_from_outside_needs_the_token(outside: Running) -> None:
    assert reset(outside, **{"Content-Type": "application/json"}) == 401
    assert reset(outside, Authorization="Bearer wrong") == 401
    assert reset(outside, Authorization=f"Bearer {TOKEN}") == 200


@pytest.mark.browser
def test_the_panel_asks_outsiders_for_the_token(outside: Running, page: Page) -> None:
    page.goto(f"{outside.url}/_emulator/panel/events")
    page.get_by_label("Control token").fill("wrong")
    page.get_by_role("button", name="Open the panel").click()
    expect(page.get_by_role("main")).to_contain_text("This is not the token")

    page.get_by_label("Control token").fill(TOKEN)
    page.get_by_role("button", name="Open the panel").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Clock")
