"""The words in other languages: `python dev/messages.py compile`, `update` or `missing`.

compile   make what the programs read (.mo) from locale/*/LC_MESSAGES/django.po, where that is newer
update    bring each django.po in line with the code: new messages without a translation, old ones gone (make messages)
missing   list what the code says and a django.po has no translation for; ends with 1 if there is any

Python alone, so that nobody needs the GNU gettext tools: messages are read from the syntax tree of our modules, and
from templates as Django's own extraction reads them.
"""

import ast
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locale"
# Not for readers of the shop: these speak to developers, in English.
WITHOUT_MESSAGES = frozenset({"bench", "dev", "docs", "emulator", "locale", "static", "tests", "var"})
TEMPLATES = (".html", ".txt")

# Which arguments of a call are the context, the message and its plural.
ONE, MANY, ONE_OF, MANY_OF = (None, 0, None), (None, 0, 1), (0, 1, None), (0, 1, 2)
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": ONE, "gettext": ONE, "gettext_lazy": ONE, "gettext_noop": ONE,
    "ngettext": MANY, "ngettext_lazy": MANY,
    "pgettext": ONE_OF, "pgettext_lazy": ONE_OF,
    "npgettext": MANY_OF, "npgettext_lazy": MANY_OF,
}  # fmt: skip

_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL = re.compile(
    rf"(?<= )(_|n?p?gettext)\(\s*({_LITERAL}(?:,\s*{_LITERAL})*)(?:,\s*count)?\s*\)(?= )", re.DOTALL
)

HEADER = """\
# {language} words of the marketplace. After changing texts: make messages
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""

Key = tuple[str, str | None]


@dataclass
class Said:
    """One message of the code, and where it is said."""

    text: str
    plural: str | None = None
    context: str | None = None
    places: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What a catalogue finds it by."""
        return self.text, self.context


def said() -> dict[Key, Said]:
    """Every message our modules and templates say."""
    found: dict[Key, Said] = {}
    for path in _files():
        read = _in_module if path.suffix == ".py" else _in_template
        for message in read(path.read_text(encoding="utf-8")):
            known = found.setdefault(message.key, message)
            known.plural = known.plural or message.plural
            place = str(path.relative_to(ROOT))
            if place not in known.places:
                known.places.append(place)
    return found


def _files() -> Iterator[Path]:
    for folder in sorted(ROOT.iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name in WITHOUT_MESSAGES:
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" or (path.suffix in TEMPLATES and "templates" in path.parts):
                yield path


def _in_module(source: str) -> Iterator[Said]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in CALLS:
            words = [part.value if isinstance(part, ast.Constant) else None for part in node.args]
            yield from _message(name, words)


def _in_template(source: str) -> Iterator[Said]:
    for name, words in _TEMPLATE_CALL.findall(templatize(source)):
        yield from _message(name, [ast.literal_eval(word) for word in re.findall(_LITERAL, words, re.DOTALL)])


def _message(name: str, words: Sequence[object]) -> Iterator[Said]:
    context, text, plural = ((words[at] if at is not None and at < len(words) else None) for at in CALLS[name])
    if isinstance(text, str) and text:
        yield Said(text, plural if isinstance(plural, str) else None, context if isinstance(context, str) else None)


def catalogues() -> list[Path]:
    """The django.po of each language."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """A catalogue; a file that is none raises, with its line."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def untranslated(catalogue: Catalog, messages: Iterable[Said]) -> list[Said]:
    """What of `messages` this catalogue has no words for."""
    return [message for message in messages if not is_translated(catalogue.get(message.text, message.context), message)]


def is_translated(entry: Message | None, message: Said) -> bool:
    """Whether all of a message's forms are there, and no guess."""
    if entry is None or entry.fuzzy:
        return False
    forms = [entry.string or ""] if not isinstance(entry.string, list | tuple) else list(entry.string)
    return all(forms) and (message.plural is None or (entry.pluralizable and entry.id[1] == message.plural))


def write(path: Path, catalogue: Catalog) -> None:
    """Sorted, and without places and dates: what two people add meets in as few lines as possible."""
    fresh = Catalog(locale=catalogue.locale, fuzzy=False)
    for entry in catalogue:
        if entry.id:
            fresh.add(entry.id, entry.string, flags=entry.flags - {"fuzzy"}, context=entry.context)
    language = fresh.locale.get_display_name("en") if fresh.locale else path.parts[-3]
    with _replaced(path) as file:
        header = HEADER.format(language=language, code=path.parts[-3], plural=fresh.plural_forms)
        file.write(header.encode())
        write_po(file, fresh, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)


def update(path: Path, messages: dict[Key, Said]) -> tuple[int, int]:
    """Bring one django.po in line with the code; how many messages are without words now, and how many went."""
    old = read(path)
    fresh = Catalog(locale=path.parts[-3], fuzzy=False)
    for message in messages.values():
        entry = old.get(message.text, message.context)
        string = entry.string if entry is not None and is_translated(entry, message) else None
        fresh.add((message.text, message.plural) if message.plural else message.text, string, context=message.context)
    gone = sum(1 for entry in old if entry.id and fresh.get(_text(entry), entry.context) is None)
    write(path, fresh)
    return len(untranslated(fresh, messages.values())), gone


def _text(entry: Message) -> str:
    text: str = entry.id if isinstance(entry.id, str) else entry.id[0]
    return text


def compile_all() -> list[Path]:
    """Write each .mo that is missing or older than its .po; which those were. Two at once do no harm."""
    made = []
    for path in catalogues():
        compiled = path.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        with _replaced(compiled) as file:
            write_mo(file, read(path))
        made.append(compiled)
    return made


@contextmanager
def _replaced(path: Path) -> Iterator[IO[bytes]]:
    """Written beside it and put in place whole: a program that starts meanwhile reads the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _update() -> int:
    messages = said()
    for path in catalogues():
        missing, gone = update(path, messages)
        print(f"{path.relative_to(ROOT)}: {len(messages)} messages, {missing} without a translation, {gone} gone")
    return 0


def _missing() -> int:
    messages = said()
    missing = {path: untranslated(read(path), messages.values()) for path in catalogues()}
    for path, left in missing.items():
        print(f"{path.relative_to(ROOT)}: {len(left)} of {len(messages)} messages have no translation")
        for message in left:
            print(f"  {message.places[0]}: {message.text!r}")
    return 1 if any(missing.values()) else 0


def main() -> int:
    """Do what the first argument says."""
    asked = sys.argv[1:]
    if asked == ["compile"]:
        for path in compile_all():
            print(f"messages: compiled {path.relative_to(ROOT)}")
        return 0
    if asked == ["update"]:
        return _update()
    if asked == ["missing"]:
        return _missing()
    raise SystemExit(__doc__)


if __name__ == "__main__":
    raise SystemExit(main())
