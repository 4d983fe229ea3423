"""The database rights of the application's role: it may add to the books and read them, never change or remove.

Triggers refuse that too, but whoever owns a table can switch its triggers off. So in production the tables belong to
one role, which migrates, and the application signs in as another, which has these rights and no more (invariant I02).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from ledger.guards import TABLES

REWRITING = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")


@dataclass(frozen=True, slots=True)
class Right:
    """A right that the current role should not have."""

    table: str
    right: str


def statements(role: str) -> Iterator[sql.Composed]:
    """The SQL that gives `role` what the application needs. To be run by the owner; running it again does no harm."""
    names = {"role": sql.Identifier(role)}
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {role}").format(**names)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}").format(**names)
    yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}").format(**names)
    # Read by the check that no migration is missing.
    yield sql.SQL("GRANT SELECT ON django_migrations TO {role}").format(**names)
    for table in sorted(ours - set(TABLES)):
        yield sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}").format(
            table=sql.Identifier(table), **names
        )
    for table in TABLES:
        yield sql.SQL("REVOKE ALL ON {table} FROM PUBLIC, {role}").format(table=sql.Identifier(table), **names)
        yield sql.SQL("GRANT SELECT, INSERT ON {table} TO {role}").format(table=sql.Identifier(table), **names)


def script(role: str) -> str:
    """The same as text, for whoever runs SQL by hand."""
    return "".join(f"{statement.as_string()};\n" for statement in statements(role))


def apply(role: str, *, password: str = "") -> None:
    """Give `role` its rights, all or none. With a password, the role is made if it is missing, and gets it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if password:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
            verb = sql.SQL("ALTER" if cursor.fetchone() is not None else "CREATE")
            change = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
            cursor.execute(change.as_string())
        for statement in statements(role):
            cursor.execute(statement.as_string())


# An owner counts as having every right: it may give them to itself, and switch triggers off.
HELD = """
    SELECT tables.name, rights.name
    FROM unnest(%s::text[]) AS tables (name) JOIN pg_class ON pg_class.oid = tables.name::regclass
    CROSS JOIN unnest(%s::text[]) AS rights (name)
    WHERE has_table_privilege(pg_class.oid, rights.name) OR pg_has_role(pg_class.relowner, 'MEMBER')
    ORDER BY 1, 2
"""


def rewriting_rights() -> list[Right]:
    """What the role we are signed in as could do to history: nothing in production, everything to a superuser."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [list(TABLES), list(REWRITING)])
        return [Right(*found) for found in cursor.fetchall()]
