"""The shelves a new marketplace starts with; the admin may rename, reorder and add."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CATEGORIES = (
    ("clothing", "Clothing"),
    ("bags-accessories", "Bags and accessories"),
    ("jewellery", "Jewellery"),
    ("home", "Home and living"),
    ("ceramics-glass", "Ceramics and glass"),
    ("art-prints", "Art and prints"),
    ("books-downloads", "Books and downloads"),
    ("other", "Other finds"),
)


def add(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    category = apps.get_model("catalog", "Category")
    for position, (slug, name) in enumerate(CATEGORIES):
        category.objects.get_or_create(slug=slug, defaults={"name": name, "position": position})


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_photo_sizes_and_ways_to_browse")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
