"""/healthz and /readyz."""

import pytest
from django.db import connection
from django.test import Client, override_settings

from marketplace import health


@pytest.fixture(autouse=True)
def migrations_looked_at_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier test saw does not count."""
    health._migrations_seen_applied.clear()


def test_healthz_answers_without_touching_the_database(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_says_yes_when_everything_is_in_order(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "redis": "ok", "migrations": "ok"}}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
@override_settings(REDIS_URL="redis://:secret@127.0.0.1:1/0")
def test_readyz_names_redis_when_it_is_away_but_not_where_it_was(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "redis": "unreachable", "migrations": "ok"}
    assert b"secret" not in response.content


@pytest.mark.django_db
def test_readyz_says_no_while_a_migration_waits(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "pending"


def test_health_takes_no_posts(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
