"""Sending webhooks: woken when something was committed; one lane an endpoint, so that a slow one delays no other."""

import http.client
import logging
import queue
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from emulator.core import Emulator
from emulator.types import Delivery
from emulator.web.runtime import Runtime

log = logging.getLogger("emulator.web")

# Stripe waits longer; a person watching a demo does not.
TIMEOUT_SECONDS = 10.0
# Retries fall due by the emulator's clock, which nobody announces: look this often even when nothing rang.
LOOK_EVERY_SECONDS = 0.5
# A receiver that hangs must not keep the clock from moving for long.
ADVANCE_WAITS_SECONDS = 3.0
ANSWER_BYTES_READ = 64 * 1024


class NoAnswerError(Exception):
    """The endpoint could not be reached, or said nothing in time."""


def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """POST once and return the status. No redirect is followed: for Stripe a 3xx is a failure. Raises NoAnswerError."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_READ)
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def attempt(emulator: Emulator, stopping: threading.Event, delivery: Delivery) -> None:
    """Send one delivery and write down what came of it."""
    status, trouble = None, None
    try:
        status = send(delivery.url, delivery.headers, delivery.body)
    except NoAnswerError as error:
        trouble = str(error)
    if not stopping.is_set():  # the store is closing: unrecorded, it is sent again after the next start
        emulator.record_attempt(delivery.id, status, trouble)


class Lane:
    """The deliveries to one endpoint, in order."""

    def __init__(self, emulator: Emulator, stopping: threading.Event) -> None:
        self.emulator = emulator
        self.stopping = stopping
        self.waiting: queue.Queue[Delivery | None] = queue.Queue()
        threading.Thread(target=self.run, name="webhooks", daemon=True).start()

    def run(self) -> None:
        while (delivery := self.waiting.get()) is not None:
            if self.stopping.is_set():
                return
            if self.emulator.still_wanted(delivery):
                attempt(self.emulator, self.stopping, delivery)
            self.waiting.task_done()

    def wait(self, until: float) -> None:
        """Until everything handed over was attempted, or the monotonic clock says `until`."""
        with self.waiting.all_tasks_done:
            self.waiting.all_tasks_done.wait_for(
                lambda: not self.waiting.unfinished_tasks, max(0.0, until - time.monotonic())
            )


class DeliveryWorker:
    """Claims what is due and hands it to the lanes. `stop()` lets it end within the current look."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.lanes: dict[str, Lane] = {}
        self.stopping = threading.Event()
        # Claiming and handing over are one step: between them, whoever waits for the lanes would find them empty.
        self.dispatching = threading.Lock()
        self.thread = threading.Thread(target=self.run, name="deliveries", daemon=True)

    def start(self) -> None:
        self.runtime.emulator.deliver_now = send
        self.runtime.emulator.send_due = self.send_due
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.runtime.ring()
        self.thread.join(timeout=0.5)
        for lane in self.lanes.values():
            lane.waiting.put(None)

    def run(self) -> None:
        while not self.stopping.is_set():
            self.runtime.bell.wait(LOOK_EVERY_SECONDS)
            self.runtime.bell.clear()
            self.dispatch()

    def send_due(self) -> None:
        """While the clock is being advanced: hand over what is due, and let each lane finish, a while at most."""
        self.dispatch()
        until = time.monotonic() + ADVANCE_WAITS_SECONDS
        for lane in list(self.lanes.values()):
            lane.wait(until)

    def dispatch(self) -> None:
        with self.dispatching:
            self._dispatch()

    def _dispatch(self) -> None:
        try:
            due = self.runtime.emulator.due_deliveries()
        except Exception:
            # The worker outlives one bad look (a store that is busy, a reset under way); it says so and looks again.
            log.exception("could not read the due deliveries")
            return
        for delivery in due:
            if delivery.at_once:
                one = (self.runtime.emulator, self.stopping, delivery)
                threading.Thread(target=attempt, args=one, name="webhook", daemon=True).start()
                continue
            lane = self.lanes.get(delivery.url)
            if lane is None:
                lane = self.lanes[delivery.url] = Lane(self.runtime.emulator, self.stopping)
            lane.waiting.put(delivery)
