"""What the pages show, read with a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from accounts.models import Seller, User
from catalog import keyset
from catalog.stock import Goods
from kit.money import Money
from orders.baskets import contents, held_units
from orders.finding import Wanted, purchases
from orders.models import Basket, BasketLine, Order, OrderLine, Purchase
from orders.placing import fingerprint
from orders.rules import LEFT_OUT, Problem, buyable, currencies, problems_of

PAGE = 20
NEWEST = keyset.Order(("pk",), descending=True)
# From how many on the buyer is told how many are left.
FEW = 5
# Rules that take a line out of the total: it cannot be bought now, in whatever quantity.
NOT_TO_BE_HAD = frozenset({"not_for_sale", "no_variant", "sold_out"}) | LEFT_OUT


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the basket at the listing's price of this moment."""

    line: BasketLine
    problems: list[Problem]
    left: int | None

    @property
    def can_be_had(self) -> bool:
        """Whether it counts towards the total."""
        return not any(problem.code in NOT_TO_BE_HAD for problem in self.problems)

    @property
    def amount(self) -> Money:
        """Price times quantity."""
        return self.line.money * self.line.quantity


@dataclass(frozen=True, slots=True)
class Group:
    """What the basket has of one seller."""

    seller: Seller
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """What the basket has in one currency: one checkout, one payment."""

    currency: str
    groups: list[Group]
    total: Money
    problems: list[Problem]
    going: list[BasketLine]

    @property
    def of_whole(self) -> list[Problem]:
        """Problems that are not about one line."""
        return [problem for problem in self.problems if problem.line is None]

    @property
    def blocking(self) -> list[Problem]:
        """What has to be mended before it can be checked out."""
        return [problem for problem in self.problems if problem.blocks]

    @property
    def can_check_out(self) -> bool:
        """Whether there is something to pay, and nothing in the way."""
        return bool(self.going) and not self.blocking

    @property
    def going_by_shop(self) -> list[Group]:
        """The lines a checkout takes, for the page that shows them."""
        groups = [Group(group.seller, [row for row in group.rows if row.can_be_had]) for group in self.groups]
        return [group for group in groups if group.rows]

    @property
    def seen(self) -> str:
        """Names what the buyer is shown; sent back when they pay."""
        return fingerprint(self.going)


@dataclass(frozen=True, slots=True)
class BasketPage:
    """Everything the basket page shows."""

    sections: list[Section]
    units: int

    @property
    def can_check_out(self) -> bool:
        """Whether anything in it can be paid now."""
        return any(section.can_check_out for section in self.sections)

    @property
    def to_mend(self) -> list[Problem]:
        """Everything that cannot be paid as it is, with the reasons."""
        return [problem for section in self.sections for problem in section.problems]

    @property
    def payable(self) -> list[Section]:
        """What the checkout page shows."""
        return [section for section in self.sections if section.can_check_out]


def basket_page(basket: Basket | None) -> BasketPage:
    """The basket with its problems: a section for each currency, grouped by seller in the order things were added."""
    lines = contents(basket) if basket else []
    if basket is None or not lines:
        return BasketPage([], 0)
    prefetch_related_objects(lines, "listing__photos")
    held = held_units(basket) if basket.customer_id else {}
    found = problems_of(lines, held)
    rows = [_row(line, found, held) for line in lines]
    sections = [_section(currency, rows, found) for currency in currencies(lines)]
    return BasketPage(sections, sum(line.quantity for line in lines))


def purchases_of(user: User, after: str, wanted: Wanted | None = None) -> tuple[list[Purchase], str]:
    """A page of the buyer's purchases, newest first, and the cursor of the next page ("" on the last)."""
    mine = purchases(user, wanted or Wanted())
    return _page(mine.prefetch_related(_orders_with_lines()), after)


def purchase_of(user: User, number: str) -> Purchase | None:
    """One of the buyer's own purchases, with its orders, lines and history; None for anybody else's."""
    mine = Purchase.objects.filter(customer__user=user, number=number)
    return mine.prefetch_related("moves", _orders_with_lines(), "orders__moves").first()


def order_of(seller: Seller, number: str) -> Order | None:
    """One of the seller's own orders, with its lines and history; None for anybody else's."""
    orders = Order.objects.filter(seller=seller, number=number).select_related("purchase__customer__user")
    return orders.prefetch_related("moves", "lines__listing__photos").first()


def order_for_buyer(user: User, purchase: str, order: str) -> Order | None:
    """One order of the buyer's own purchase, with its lines; None for anybody else's."""
    mine = Order.objects.filter(purchase__customer__user=user, purchase__number=purchase, number=order)
    return mine.select_related("seller", "purchase").prefetch_related("lines__listing__photos").first()


def _row(line: BasketLine, found: Sequence[Problem], held: Mapping[Goods, int]) -> Row:
    own = [problem for problem in found if problem.line is line]
    left = line.available + held.get(line.goods, 0)
    return Row(line, own, left if not own and left <= FEW else None)


def _by_seller(rows: Sequence[Row]) -> list[Group]:
    groups: dict[int, Group] = {}
    for row in rows:
        seller = row.line.listing.seller
        groups.setdefault(seller.pk, Group(seller, [])).rows.append(row)
    return list(groups.values())


def _section(currency: str, rows: Sequence[Row], found: Sequence[Problem]) -> Section:
    own = [row for row in rows if row.line.listing.currency == currency]
    total = Money(0, currency)
    for row in own:
        if row.can_be_had:
            total += row.amount
    return Section(
        currency=currency,
        groups=_by_seller(own),
        total=total,
        problems=[problem for problem in found if problem.currency == currency],
        going=buyable([row.line for row in own], found),
    )


def _orders_with_lines() -> Prefetch[str, QuerySet[Order], str]:
    lines = OrderLine.objects.select_related("listing").prefetch_related("listing__photos")
    orders = Order.objects.select_related("seller").prefetch_related(Prefetch("lines", queryset=lines))
    return Prefetch("orders", queryset=orders.order_by("pk"))


def _page[Row_: (Purchase, Order)](rows: QuerySet[Row_], after: str) -> tuple[list[Row_], str]:
    """By position: the page behind a row costs what the first page costs, however deep it is."""
    page = list(NEWEST.after(after, rows)[: PAGE + 1])
    return page[:PAGE], NEWEST.cursor(page[PAGE - 1]) if len(page) > PAGE else ""
