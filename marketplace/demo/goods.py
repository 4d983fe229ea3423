"""What the demo's shops sell, from goods.json. Prices are minor units of the shop's currency."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("goods.json")


@dataclass(frozen=True)
class Good:
    """One listing of the demo."""

    category: str
    title: str
    price: int
    stock: int
    text: str
    delivery: str
    # Empty: the shop's.
    currency: str = ""


@dataclass(frozen=True)
class Shop:
    """One shop of the demo, and the person who owns it."""

    owner: str
    name: str
    country: str
    currency: str
    about: str
    goods: tuple[Good, ...]


def shops() -> list[Shop]:
    """The demo's shops, in the order they open."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return [Shop(**{**row, "goods": tuple(Good(**good) for good in row["goods"])}) for row in rows]
