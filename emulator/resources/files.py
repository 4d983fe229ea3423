"""v1/files: evidence for disputes."""

from __future__ import annotations

import base64
import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from emulator.errors import invalid, not_modelled
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.schema.build import build
from emulator.types import Json
from emulator.uploads import Upload

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.requests import Request

documented("files", "Evidence is a PDF, JPEG or PNG, uploaded in the account whose dispute it is for.")
assumed(
    "files",
    "A file's type is told by its first bytes, else by its name; at most 5 MB.",
    "GET /v1/files/*/contents answers the bytes as they were uploaded.",
)
MOST_BYTES = 5 * 1024 * 1024
FIRST_BYTES = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}
MIME = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
ENDINGS = {".pdf": "pdf", ".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}


@operation("POST /v1/files", "file purpose", scope="any")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params["purpose"] != "dispute_evidence":
        raise not_modelled(f"files with the purpose {params['purpose']}", param="purpose")
    upload = params["file"]
    if not isinstance(upload, Upload):
        raise invalid("Send the file in a multipart/form-data body.", param="file")
    if not upload.content:
        raise invalid("The file is empty.", param="file")
    if len(upload.content) > MOST_BYTES:
        raise invalid(f"The file may have at most {MOST_BYTES} bytes; it has {len(upload.content)}.", param="file")
    id = "file_1" + ctx.store.random_text(23)
    links = {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={id}"}
    body = build(
        "file",
        id=id,
        created=ctx.now,
        filename=PurePath(upload.filename).name or "blob",
        links=links,
        purpose="dispute_evidence",
        size=len(upload.content),
        type=_type(upload),
        url=f"{ctx.em.public_url}/v1/files/{id}/contents",
    )
    return ctx.shown(ctx.insert(body, private={"content": base64.b64encode(upload.content).decode()}))


def _type(upload: Upload) -> str:
    for first, kind in FIRST_BYTES.items():
        if upload.content.startswith(first):
            return kind
    kind = ENDINGS.get(PurePath(upload.filename).suffix.lower(), "")
    if not kind:
        raise invalid("Evidence must be a PDF, JPEG or PNG file.", param="file")
    return kind


@operation("GET /v1/files/{file}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("file", ids["file"]))


@operation("GET /v1/files", f"purpose created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "file", params, "/v1/files", filters=("purpose",))


def is_contents(request: Request) -> bool:
    """GET /v1/files/{file}/contents: stripe-python's services do not know it, Stripe's files host does."""
    return request.method == "GET" and re.fullmatch(r"/v1/files/[^/]+/contents", request.path) is not None


def contents(ctx: Ctx, id: str) -> tuple[str, bytes]:
    """A file's media type and bytes."""
    row = ctx.own("file", id)
    return MIME[row.body["type"]], base64.b64decode(row.private.get("content", ""))
