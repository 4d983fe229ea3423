"""Staff read the names of tables and columns in their language."""

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise

from accounts.models import Seller
from kit.field_words import WORDS, name_fields
from kit.transitions import MoveRecord
from orders.models import Order

# Their own translations come with them.
FOREIGN = {"auth", "account", "mfa", "usersessions"}


def shown() -> Iterator[tuple[type, str]]:
    """Each model the admin shows, with the names of the columns it shows."""
    for model, page in admin.site._registry.items():
        if model._meta.app_label in FOREIGN:
            continue
        fields = flatten_fieldsets(page.fieldsets) if page.fieldsets else page.fields or ()
        for name in (*page.list_display, *fields, *page.readonly_fields):
            yield model, name
        for inline in page.inlines:
            for name in inline.fields or ():
                yield inline.model, name


def test_every_table_and_room_of_the_admin_has_a_name_to_translate():
    for model, page in admin.site._registry.items():
        if model._meta.app_label not in FOREIGN:
            own = [row.model for row in page.inlines if not row.verbose_name and not issubclass(row.model, MoveRecord)]
            for named in (model, *own):
                assert isinstance(named._meta.verbose_name, Promise), named
            assert isinstance(model._meta.app_config.verbose_name, Promise), model


def test_every_column_of_the_admin_has_a_name_to_translate():
    unnamed = set()
    for model, name in shown():
        try:
            field = model._meta.get_field(name)
        except (FieldDoesNotExist, TypeError):
            continue
        if not field.auto_created and not isinstance(field.verbose_name, Promise):
            unnamed.add(f"{model.__name__}.{name}")

    assert unnamed == set()


def test_a_field_keeps_a_name_of_its_own_and_no_migration_learns_the_common_one():
    about, currency = (Seller._meta.get_field(name) for name in ("about", "currency"))
    status = Order._meta.get_field("status")

    name_fields([Seller, Order])

    assert (str(about.verbose_name), str(currency.verbose_name)) == ("about the shop", "usual currency")
    assert status.verbose_name == WORDS["status"]
    assert "verbose_name" not in status.deconstruct()[3]
