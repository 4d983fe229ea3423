"""Bells that ring while nobody listens, and listeners while the bells are silent."""

from marketplace.celery import app


def test_a_worker_waits_for_the_broker_however_long_it_is_away() -> None:
    assert app.conf.broker_connection_max_retries is None


def test_bells_that_rang_while_no_worker_ran_are_forgotten() -> None:
    kept = {name: entry.get("options", {}).get("expires") for name, entry in app.conf.beat_schedule.items()}

    assert all(seconds and seconds <= 60 for seconds in kept.values()), kept
