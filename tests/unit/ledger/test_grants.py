"""In production the application's own database role cannot rewrite the books, whatever it tries (invariant I02).

With a second role on the real PostgreSQL; no trigger is asked, the rights are missing.
"""

import io
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from ledger import grants
from ledger.guards import TABLES
from ledger.journal import balance, post
from ledger.models import Account, Posting
from ledger.sealing import seal_due
from ledger.verifying import verify
from tests.unit.ledger.books import charge, post_each, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app_role() -> Iterator[str]:
    """A role as production has one: no superuser, no owner. Roles belong to the whole cluster, so names are our own."""
    name = f"shop_app_{os.getpid()}"
    role = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role).as_string())
    call_command("ledger_grants", to=name, apply=True, stdout=io.StringIO())
    yield name
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("RESET ROLE").as_string())
        cursor.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(role).as_string())


@pytest.fixture
def as_app(app_role: str) -> Iterator[None]:
    """Everything below happens with the application's rights."""
    post_each("before")
    run(f'SET ROLE "{app_role}"')
    yield
    run("RESET ROLE")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = 0",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {} CASCADE",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION ledger_check_entry()",
    ],
)
def test_i02_the_applications_role_cannot_rewrite_the_books(as_app: None, table: str, statement: str) -> None:
    text = statement.format(table).replace("SET id", "SET number" if table == "ledger_seal" else "SET id")

    with pytest.raises(Exception, match=r"permission denied|must be owner"):
        run(text)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION ledger_position() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    ],
)
def test_i02_nor_switch_off_what_guards_them(as_app: None, statement: str) -> None:
    with pytest.raises(Exception, match=r"permission denied|must be owner"):
        run(statement)


def test_it_posts_reads_seals_and_verifies(as_app: None) -> None:
    assert post([charge("mine")]) == 1
    assert post([charge("mine")]) == 0
    assert seal_due() == 2
    assert balance(Account.PLATFORM_CASH, "", "eur") == 2000
    assert verify().postings == 2


def test_it_works_on_everything_else(as_app: None) -> None:
    run("INSERT INTO kit_mail (key, \"to\", subject, text, html, created_at, attempts, last_error)"
        " VALUES ('k', 'a@example.com', '', '', '', now(), 0, '')",
        "UPDATE kit_mail SET attempts = 1", "DELETE FROM kit_mail", "SELECT * FROM django_migrations")  # fmt: skip


def test_the_check_passes_for_the_applications_role(as_app: None) -> None:
    out = io.StringIO()

    call_command("ledger_grants", check=True, stdout=out)

    assert "nothing else" in out.getvalue()


def test_the_check_fails_for_whoever_owns_the_tables() -> None:
    with pytest.raises(CommandError, match=r"DELETE on ledger_checkpoint, .*UPDATE on ledger_seal"):
        call_command("ledger_grants", check=True)


def test_a_right_given_by_hand_is_noticed_and_taken_back(app_role: str) -> None:
    run(f'GRANT UPDATE ON ledger_entry TO "{app_role}"', f'SET ROLE "{app_role}"')
    assert grants.rewriting_rights() == [grants.Right("ledger_entry", "UPDATE")]

    run("RESET ROLE")
    call_command("ledger_grants", to=app_role, apply=True, stdout=io.StringIO())
    run(f'SET ROLE "{app_role}"')

    assert grants.rewriting_rights() == []


def test_the_script_can_be_run_by_hand(app_role: str) -> None:
    out = io.StringIO()

    call_command("ledger_grants", to=app_role, stdout=out)

    run(out.getvalue())
    assert 'REVOKE ALL ON "ledger_entry" FROM PUBLIC' in out.getvalue()


def test_the_role_of_the_applications_address_is_made_with_its_password(settings: Any) -> None:
    name = f"shop_made_{os.getpid()}"
    settings.APP_DATABASE_URL = f"postgres://{name}:sec%40ret@postgres:5432/shop"
    try:
        for _deployment in range(2):
            call_command("ledger_grants", apply=True, stdout=io.StringIO())
        run(f'SET ROLE "{name}"')
        assert grants.rewriting_rights() == []
    finally:
        run("RESET ROLE", f'DROP OWNED BY "{name}"', f'DROP ROLE "{name}"')


def test_a_role_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(CommandError, match="does not exist"):
        call_command("ledger_grants", to="nobody_here", apply=True)
    with pytest.raises(CommandError, match="--to"):
        call_command("ledger_grants")


def test_a_connection_of_its_own_is_refused_as_well(app_role: str) -> None:
    """Signed in as that role, not only switched to it."""
    post_each("a")
    parameters = {**connection.get_connection_params(), "user": app_role}
    with psycopg.connect(**only_address(parameters), autocommit=True) as own:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            own.execute("DELETE FROM ledger_entry")
        assert own.execute("SELECT count(*) FROM ledger_entry").fetchone() == (2,)

    assert Posting.objects.count() == 1


def only_address(parameters: dict[str, object]) -> dict[str, object]:
    return {name: parameters[name] for name in ("dbname", "user", "host", "port", "password") if name in parameters}
