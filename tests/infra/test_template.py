"""The database that test databases are copied from."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dev import template


@pytest.mark.django_db
def test_databases_of_tests_are_copies_of_one_that_is_made_once_and_have_every_migration():
    executor = MigrationExecutor(connection)

    left = executor.migration_plan(executor.loader.graph.leaf_nodes())

    name = template.ensure()
    assert left == []
    assert template.ensure() == name
    # With --reuse-db nothing is copied.
    assert connection.settings_dict["TEST"].get("TEMPLATE") in (name, None)


def test_another_state_of_the_migrations_or_of_what_they_import_has_another_database(tmp_path):
    migrations, imported = {*template._migrations()}, {*template._imported()}
    changed = tmp_path / "0001_initial.py"
    changed.write_text("from django.db import migrations\n")

    names = {template.digest(found) for found in (migrations, migrations | {changed}, migrations | imported)}

    assert len(names) == 3
    assert {"kit", "ledger", "orders"} <= {path.relative_to(template.ROOT).parts[0] for path in imported}
