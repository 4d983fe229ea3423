"""The clock of a running emulator, with webhooks on their way."""

from typing import Any

from tests.emulator_web.support import Running, Shop, get_json, post_json, wait_for

DAY = 86_400


def deliveries(emulator: Running) -> list[dict[str, Any]]:
    (event,) = get_json(f"{emulator.url}/_emulator/events?type=customer.created")["data"]
    return list(event["deliveries"])


def test_a_day_passes_and_a_deaf_endpoint_is_tried_at_each_retrys_own_time(emulator: Running, shop: Shop) -> None:
    post_json(f"{emulator.url}/_emulator/clock", {"mode": "frozen"})
    shop.answer = 503
    emulator.client.v1.customers.create({})
    wait_for(lambda: deliveries(emulator)[0]["attempts"])

    moved = post_json(f"{emulator.url}/_emulator/advance", {"seconds": DAY})

    (delivery,) = deliveries(emulator)
    tried = [attempt["at"] for attempt in delivery["attempts"]]
    retried = [entry["at"] for entry in moved["happened"] if entry["what"] == "webhook retry due"]
    assert delivery["state"] == "failed"
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


def test_the_clock_goes_on_frozen_and_offset(emulator: Running) -> None:
    frozen = post_json(f"{emulator.url}/_emulator/clock", {"mode": "frozen"})["clock"]
    still = get_json(f"{emulator.url}/_emulator/clock")
    offset = post_json(f"{emulator.url}/_emulator/clock", {"mode": "offset"})["clock"]

    assert (frozen["mode"], still["now"]) == ("frozen", frozen["now"])
    assert offset["mode"] == "offset"
    assert 0 <= offset["now"] - frozen["now"] <= 5
