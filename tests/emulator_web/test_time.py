"""The clock of a running emulator, with webhooks on their way."""

import threading
import time
from typing import Any

from emulator import delivery
from emulator.core import Emulator
from emulator.types import Delivery
from emulator.web.runtime import Runtime
from emulator.web.worker import DeliveryWorker
from tests.emulator_web.support import KEY, PLATFORM_SECRET, Running, Shop, get_json, post_json, wait_for

DAY = 86_400


class HandsOverSlowly(Emulator):
    """Somebody else comes between what is claimed and where it goes."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.claimed = threading.Event()

    def due_deliveries(self) -> list[Delivery]:
        found = super().due_deliveries()
        if found:
            self.claimed.set()
            time.sleep(0.3)
        return found


def deliveries(emulator: Running) -> list[dict[str, Any]]:
    (event,) = get_json(f"{emulator.url}/_emulator/events?type=customer.created")["data"]
    return list(event["deliveries"])


def test_a_day_passes_and_a_deaf_endpoint_is_tried_at_each_retrys_own_time(emulator: Running, shop: Shop) -> None:
    post_json(f"{emulator.url}/_emulator/clock", {"mode": "frozen"})
    shop.answer = 503
    emulator.client.v1.customers.create({})
    wait_for(lambda: deliveries(emulator)[0]["attempts"])

    moved = post_json(f"{emulator.url}/_emulator/advance", {"seconds": DAY})

    (sent,) = deliveries(emulator)
    tried = [attempt["at"] for attempt in sent["attempts"]]
    retried = [entry["at"] for entry in moved["happened"] if entry["what"] == "webhook retry due"]
    assert sent["state"] == "failed"
    assert tried[1:] == retried
    assert [after - tried[0] for after in tried] == [0, 600, 600 + 3 * 3600]


def test_an_endpoint_that_hears_again_gets_what_it_missed_on_the_way(emulator: Running, shop: Shop) -> None:
    shop.answer = 503
    emulator.client.v1.customers.create({})
    wait_for(lambda: deliveries(emulator)[0]["attempts"])
    shop.answer = 200

    moved = post_json(f"{emulator.url}/_emulator/advance", {"seconds": 3600})

    assert [entry["what"] for entry in moved["happened"]] == ["webhook retry due"]
    assert deliveries(emulator)[0]["state"] == "delivered"


def test_what_is_being_sent_is_written_down_before_the_clock_moves(emulator: Running, shop: Shop) -> None:
    began = post_json(f"{emulator.url}/_emulator/clock", {"mode": "frozen"})["clock"]["now"]
    shop.answer, shop.thinks = 503, 0.3
    emulator.client.v1.customers.create({})
    wait_for(lambda: shop.received)

    moved = post_json(f"{emulator.url}/_emulator/advance", {"seconds": 3600})

    assert [attempt["at"] - began for attempt in deliveries(emulator)[0]["attempts"]] == [0, 600]
    assert [entry["what"] for entry in moved["happened"]] == ["webhook retry due"]


def test_whoever_advances_waits_for_what_the_worker_is_about_to_hand_over(emulator: Running, shop: Shop) -> None:
    em = HandsOverSlowly(clock="frozen")
    em.add_webhook_endpoint(f"{shop.url}/hooks/platform", PLATFORM_SECRET, connect=False)
    worker = DeliveryWorker(Runtime(em))
    em.handle("POST", "/v1/customers", {"Authorization": f"Bearer {KEY}"})

    worker.start()
    worker.runtime.ring()
    assert em.claimed.wait(5)
    worker.send_due()

    assert [(one["state"], one["status"]) for one in delivery.history(em, shop.received[0].event["id"])] == [
        ("delivered", 200)
    ]
    worker.stop()
    em.close()


def test_the_clock_goes_on_frozen_and_offset(emulator: Running) -> None:
    frozen = post_json(f"{emulator.url}/_emulator/clock", {"mode": "frozen"})["clock"]
    still = get_json(f"{emulator.url}/_emulator/clock")
    offset = post_json(f"{emulator.url}/_emulator/clock", {"mode": "offset"})["clock"]

    assert (frozen["mode"], still["now"]) == ("frozen", frozen["now"])
    assert offset["mode"] == "offset"
    assert 0 <= offset["now"] - frozen["now"] <= 5
