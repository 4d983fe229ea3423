"""What tests of cases share: a case about something Alice bought of one seller, and both sides' browsers."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import Membership, User
from cases import opening
from cases.models import Case
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
