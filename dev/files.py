"""Small files other processes read."""

from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write so that a reader sees the old or the new text, never half of it, and no other user sees any."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
