"""The project's files as the house's rules see them. Every rule answers with a list of findings, empty when kept."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# From the top down. Rooms in one set stand apart: neither may look at the other.
ROOMS: tuple[frozenset[str], ...] = (
    frozenset({"marketplace"}),
    frozenset({"monitoring"}),
    frozenset({"inbox"}),
    frozenset({"disputes"}),
    frozenset({"evidence"}),
    frozenset({"cases"}),
    frozenset({"payments"}),
    frozenset({"orders"}),
    frozenset({"promotions"}),
    frozenset({"catalog"}),
    frozenset({"customers"}),
    frozenset({"accounts"}),
    frozenset({"gateway", "ledger"}),
    frozenset({"kit"}),
)
OURS = frozenset().union(*ROOMS)
NOT_SOURCES = frozenset({"var", "node_modules", "__pycache__", "build"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its path below the project and its text."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """The top folder it lies in."""
        return self.path.split("/", 1)[0]


def sources(pattern: str, *folders: str, root: Path = ROOT) -> list[Source]:
    """The files of the project, or of some of its folders, whose names match."""
    starts = [root / folder for folder in folders] or [root]
    found = sorted(path for start in starts for path in _walk(start) if path.match(pattern))
    return [Source(str(path.relative_to(root)), path.read_text()) for path in found]


@cache
def room_sources() -> list[Source]:
    """The Python of the rooms: what runs in production, without migrations."""
    rooms = [room for room in sorted(OURS) if (ROOT / room).is_dir()]
    return [source for source in sources("*.py", *rooms) if "/migrations/" not in source.path]


@cache
def templates() -> list[Source]:
    """Every template of the marketplace, HTML and text."""
    return [*sources("*.html", "templates"), *sources("*.txt", "templates")]


def planted(text: str, path: str = "orders/planted.py") -> list[Source]:
    """A file that breaks a rule, to prove that the rule sees it."""
    return [Source(path, text)]


@cache
def nodes(source: Source) -> tuple[ast.AST, ...]:
    """Every node of a Python file; several rules look at the same files."""
    return tuple(ast.walk(ast.parse(source.text)))


def calls(source: Source) -> Iterator[ast.Call]:
    """Every call in a Python file."""
    return (node for node in nodes(source) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    """What is called: `move` for move(…), `update` for rows.filter(…).update(…)."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def at(source: Source, node: ast.AST, what: str) -> str:
    """A finding with its place."""
    return f"{source.path}:{getattr(node, 'lineno', 0)} {what}"


def without_comments(text: str) -> str:
    """A template without its comments, which are not shown and prove nothing."""
    return re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", text, flags=re.DOTALL)


def _walk(start: Path) -> Iterator[Path]:
    # .venv and var hold more files than the project; they are never entered.
    for folder, below, names in start.walk():
        below[:] = [name for name in below if name not in NOT_SOURCES and not name.startswith(".")]
        yield from (folder / name for name in names if not name.startswith("."))
