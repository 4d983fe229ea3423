"""Which category a product belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.models import Category

GENERAL = ("other", "Other finds")


class Shelving:
    """Finds the category a file names, by name or address, whatever its letters' case."""

    def __init__(self) -> None:
        self._by_name: dict[str, Category] = {}
        categories = list(Category.objects.all())
        for category in categories:
            self._by_name.setdefault(category.name.casefold(), category)
        # An address names one category only; a name may be that of two.
        self._by_name |= {category.slug.casefold(): category for category in categories}
        self._by_id = {category.pk: category for category in categories}

    def named(self, names: Sequence[str]) -> Category | None:
        """The category of the first of `names` that is one."""
        return next((self._by_name[name.casefold()] for name in names if name.casefold() in self._by_name), None)

    def kept(self, pk: int | None) -> Category | None:
        """The category with this number, if it is there still."""
        return self._by_id.get(pk) if pk is not None else None

    def general(self) -> Category:
        """The category of what fits nowhere; made anew where somebody removed it."""
        slug, name = GENERAL
        if slug not in self._by_name:
            self._by_name[slug], _is_new = Category.objects.get_or_create(
                slug=slug, defaults={"name": name, "position": 99}
            )
        return self._by_name[slug]
