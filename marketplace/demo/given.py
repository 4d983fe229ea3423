"""Servers the environment gives us: asked before anything relies on them, so that a dead one is a sentence."""

import environ
import psycopg
import redis

from marketplace.demo.errors import DemoError

SECONDS = 5


def require_database(url: str) -> None:
    """Raise DemoError when the database at DATABASE_URL cannot be used."""
    try:
        found = environ.Env.db_url_config(url)
        address = {"host": found.get("HOST"), "port": found.get("PORT"), "dbname": found.get("NAME")}
        person = {"user": found.get("USER"), "password": found.get("PASSWORD")}
        given = {key: value for key, value in (address | person | found.get("OPTIONS", {})).items() if value}
        psycopg.connect(**{"connect_timeout": SECONDS, **given}).close()
    except (psycopg.Error, ValueError, KeyError) as error:
        raise DemoError(f"The database at DATABASE_URL cannot be used: {_first_line(error)} {_OR_UNSET}") from error


def require_redis(url: str) -> None:
    """Raise DemoError when nothing answers at REDIS_URL."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError) as error:
        raise DemoError(f"The server at REDIS_URL cannot be used: {_first_line(error)} {_OR_UNSET}") from error


_OR_UNSET = "Correct the address, or unset it to let the demo start a server of its own."


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text if text.endswith(".") else f"{text}."
