"""Where files are kept that nobody may fetch by their address: they leave through a view that asks who is reading."""

import os
from typing import Never

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages


class PrivateStorage(FileSystemStorage):
    """Files under `PRIVATE_ROOT`, outside of what is served. They have no address."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        """The folder as the settings have it now."""
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        """The same, absolute."""
        return os.path.abspath(self.base_location)  # noqa: PTH100 - Path.resolve would follow links

    def url(self, name: str | None) -> Never:
        """Raises ValueError: there is none."""
        raise ValueError("This file is private: it is read through a page that asks who is reading.")


def storage() -> Storage:
    """The storage called "private": a folder here, or whatever an operator puts in its place."""
    found: Storage = storages["private"]
    return found
