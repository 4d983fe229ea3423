"""The door's own connection may have died since the last event: the event is stored all the same."""

import psycopg
import pytest
from django.db import connection
from django.test import Client

from inbox.models import StripeEvent
from tests.signing import event, send


def lose_the_connection() -> None:
    """What a restart of PostgreSQL does to a connection that is kept open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    parameters = connection.get_connection_params()
    parameters = {
        name: parameters[name] for name in ("dbname", "host", "port", "user", "password") if name in parameters
    }
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.django_db(transaction=True)
def test_an_event_is_stored_although_the_connection_was_lost(client: Client) -> None:
    send(client, event("evt_before"))
    lose_the_connection()

    answer = send(client, event("evt_after"))

    assert answer.status_code == 200
    assert set(StripeEvent.objects.values_list("event_id", flat=True)) == {"evt_before", "evt_after"}
