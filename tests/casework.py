"""What tests of cases share: a case about something Alice bought of one seller, and both sides' browsers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import Membership, User
from cases import offers, opening, talking
from cases.models import Case, Party
from kit.clock import fixed_at, now
from kit.models import Mail
from payments.models import Share

TEXT = "The bowl has a crack on the inside."


def buyer_of(share: Share) -> User:
    """Who bought it."""
    return share.order.purchase.customer.user


def owner_of(share: Share) -> User:
    """Who owns the shop."""
    return Membership.objects.get(seller=share.order.seller, role=Membership.Role.OWNER).user


def opened(share: Share, *, asked: int | None = None, reason: str = "damaged", **more: Any) -> Case:
    """Alice says that it is damaged; she wants everything back unless it is said."""
    share.refresh_from_db()
    amount = share.refundable if asked is None else asked
    return opening.open_case(share, by=buyer_of(share), reason=reason, text=TEXT, asked=amount, **more)


def signed_in(user: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(user)
    return client


def photo(name: str = "crack.jpg", *, size: tuple[int, int] = (640, 480), kind: str = "JPEG") -> SimpleUploadedFile:
    """A picture with a camera's place in it."""
    exif = Image.Exif()
    exif[0x010F] = "Nosy Camera"
    out = io.BytesIO()
    Image.new("RGB", size, (120, 90, 60)).save(out, kind, exif=exif)
    return SimpleUploadedFile(name, out.getvalue(), content_type=f"image/{kind.lower()}")


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


def fresh(share: Share) -> Share:
    related = ("order__seller", "order__purchase", "payment", "account")
    found: Share = Share.objects.select_related(*related).get(pk=share.pk)
    return found


def accept(case: Case, party: Party = Party.SELLER) -> Case:
    """Look at what stands, and accept exactly that."""
    offer = offers.standing(case)
    assert offer is not None
    by = owner_of(case.share) if party == Party.SELLER else buyer_of(case.share)
    return offers.accept(offer, party, by=by, plan_hash=offers.preview(offer).hash)


def answers(case: Case, text: str = "It was whole when it left.") -> None:
    """The seller writes back."""
    talking.say(case, Party.SELLER, by=owner_of(case.share), text=text)


def after(**time: float) -> Any:
    return fixed_at(now() + timedelta(**time))


def letters_to(address: str) -> list[str]:
    return list(
        Mail.objects.filter(to=address, key__startswith="case:").order_by("pk").values_list("subject", flat=True)
    )
