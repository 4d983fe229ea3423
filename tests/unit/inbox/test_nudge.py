"""The thread that rings for events outlives whatever the broker's library raises."""

import threading
import time

import pytest
from celery import current_app

from inbox.nudge import _Nudger


def test_a_nudge_that_fails_in_a_way_nobody_foresaw_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    heard = threading.Event()

    def send_task(name: str, **_options: object) -> None:
        rung.append(name)
        if len(rung) == 1:
            raise AttributeError("'NoneType' object has no attribute 'send_command'")
        heard.set()

    monkeypatch.setattr(current_app, "send_task", send_task)
    nudger = _Nudger()
    nudger.nudge()
    deadline = time.monotonic() + 5
    while not rung and time.monotonic() < deadline:
        time.sleep(0.01)

    nudger.nudge()

    assert heard.wait(5)
