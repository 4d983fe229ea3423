"""Downloads: a signed link says which file of which order, and until when; taking the file is written down.

The link alone is enough, because it goes out by mail and buyers may have no account; it opens a page, and only the
button on it takes the file, so that programs that look through mails are not counted as buyers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing
from django.db.models import Count, Q
from django.urls import reverse

from kit.clock import now
from orders import digital_files
from orders.given_back import is_given_back
from orders.models import DigitalFile, Download, Order, OrderLine, Status

SALT = "orders.downloads"
# On the order's page a link is made anew each time it is opened; in a mail it has to last.
ON_PAGE = timedelta(hours=2)
IN_MAIL = timedelta(days=14)
# Nobody needs one file more often; a link that went round does.
MOST_DOWNLOADS = 30
HAS_IT = (Status.FULFILLED, Status.DELIVERED)


class NoLink(Exception):
    """No link of ours, or of something that is not there (any more): as good as no page."""


class NotNow(Exception):
    """A link of ours that opens nothing now; the message says why, `order` is where to go on."""

    def __init__(self, sentence: str, order: Order) -> None:
        self.order = order
        super().__init__(sentence)


class Expired(NotNow):
    """The link was for a while, and that is over."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A file a buyer can take now, with the address for it and how often they did."""

    line: OrderLine
    file: DigitalFile
    address: str
    taken: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link stands for."""

    line: OrderLine
    file: DigitalFile


def offered(order: Order, *, good_for: timedelta = ON_PAGE) -> list[Offered]:
    """Everything the buyer of this order can download now; nothing before it was handed over."""
    if order.status not in HAS_IT:
        return []
    found = []
    for line in order.lines.all():
        if line.delivery == "digital":
            taken = Count("downloads", filter=Q(downloads__line=line))
            found += [
                Offered(line, file, address(line, file, good_for=good_for), file.taken)
                for file in digital_files.of_line(line, order).annotate(taken=taken)
            ]
    return found


def address(line: OrderLine, file: DigitalFile, *, good_for: timedelta) -> str:
    """A signed address of the file, for so long; without the site's name."""
    until = int((now() + good_for).timestamp())
    token = signing.dumps({"line": line.pk, "file": file.pk, "until": until}, salt=SALT)
    return reverse("orders:download", args=[token])


def read(token: str) -> Ticket:
    """What the link stands for. Raises NoLink, Expired, or NotNow (cancelled, money given back, taken too often)."""
    try:
        said = signing.loads(token, salt=SALT)
        line = OrderLine.objects.select_related("order__purchase", "order__seller").get(pk=said["line"])
        file = digital_files.of_line(line, line.order).get(pk=said["file"])
        until = datetime.fromtimestamp(said["until"], UTC)
    except (signing.BadSignature, KeyError, TypeError, ValueError, OverflowError) as error:
        raise NoLink from error
    except (OrderLine.DoesNotExist, DigitalFile.DoesNotExist) as error:
        raise NoLink from error
    if line.order.status not in HAS_IT:
        raise NotNow("cancelled", line.order)
    if is_given_back(line.order):
        raise NotNow("given back", line.order)
    if now() > until:
        raise Expired("expired", line.order)
    if _taken(line, file) >= MOST_DOWNLOADS:
        raise NotNow("often", line.order)
    return Ticket(line, file)


def take(ticket: Ticket, *, ip: str | None, user_agent: str) -> Download:
    """Write down that the buyer takes the file, before it goes out."""
    return Download.objects.create(line=ticket.line, file=ticket.file, at=now(), ip=ip, user_agent=user_agent)


def _taken(line: OrderLine, file: DigitalFile) -> int:
    return Download.objects.filter(line=line, file=file).count()
