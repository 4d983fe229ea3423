"""What every list on a seller's desk has: a name, tabs, rows that become cards, older ones, an empty state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at a list."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Empty:
    """What is said when there is nothing, and how to go on."""

    title: str
    text: str
    url: str = ""
    action: str = ""
    drawing: str = "box"


@dataclass(frozen=True, slots=True)
class DeskList:
    """A list as components/desk_list.html shows it; `table` is the template of its rows, `filters` of a form above."""

    name: str
    tabs_label: str
    tabs: list[Tab]
    table: str
    older: str
    empty: Empty
    more_url: str = ""
    first_url: str = ""
    is_first: bool = True
    filters: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list asks for: `kept` parameters go along with the next page."""

    path: str
    after: str
    kept: Mapping[str, str] = field(default_factory=dict)

    def page(self, cursor: str) -> str:
        """The address of the next page; "" when there is none."""
        return self._address({**self.kept, "after": cursor}) if cursor else ""

    @property
    def first(self) -> str:
        """The address of the first page."""
        return self._address(self.kept)

    def _address(self, given: Mapping[str, str]) -> str:
        said = urlencode({name: value for name, value in given.items() if value})
        return f"{self.path}?{said}" if said else self.path


def open_or_all(path: str, open_word: str, *, show_all: bool) -> list[Tab]:
    """The two tabs of a list of what needs somebody, and of everything."""
    return [Tab(open_word, path, not show_all), Tab(_("All"), f"{path}?show=all", show_all)]
