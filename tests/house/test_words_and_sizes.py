"""Words we never say, and sizes nothing outgrows."""

import ast

from tests.house.tree import Source, at, nodes, planted, sources

# Stripe offers none, so nobody may think they have one. Put together here, so that this file may be searched too.
NEVER_SAID = "esc" + "row"
WRITTEN = ("*.py", "*.html", "*.txt", "*.md", "*.css", "*.js", "*.po", "*.toml", "*.yml")

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
LONGEST_TEST_FILE = 600


def saying_it(found: list[Source]) -> list[str]:
    """Lines with the word, whatever its letters' case."""
    return [
        f"{source.path}:{number}"
        for source in found
        for number, line in enumerate(source.text.splitlines(), 1)
        if NEVER_SAID in line.lower()
    ]


def too_long(found: list[Source]) -> list[str]:
    """Functions and files that have grown too long to be read in one go."""
    wrong = []
    for source in found:
        lines = len(source.text.splitlines())
        if lines > (LONGEST_TEST_FILE if source.room == "tests" else LONGEST_FILE):
            wrong.append(f"{source.path} has {lines} lines")
        for node in nodes(source):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    wrong.append(at(source, node, f"{node.name} has {length} lines"))
    return wrong


def test_nothing_is_called_what_stripe_does_not_offer() -> None:
    # A test may name the word, to hold that a page does not.
    written = [source for pattern in WRITTEN for source in sources(pattern) if source.room != "tests"]

    assert len(written) > 200
    assert saying_it(written) == []


def test_the_word_is_caught() -> None:
    page = planted(f"<p>\nYour money is in {NEVER_SAID.title()}.", "templates/x.html")

    assert saying_it(page) == ["templates/x.html:2"]


def test_functions_and_files_stay_short() -> None:
    # Migrations are written by Django.
    assert too_long([source for source in sources("*.py") if "/migrations/" not in source.path]) == []


def test_a_long_function_and_a_long_file_are_caught() -> None:
    long = "def endless():\n" + "    x = 1\n" * LONGEST_FUNCTION

    assert too_long(planted(long)) == ["orders/planted.py:1 endless has 61 lines"]
    assert too_long(planted("x = 1\n" * 501)) == ["orders/planted.py has 501 lines"]
    assert too_long(planted("x = 1\n" * 501, "tests/planted.py")) == []
    assert too_long(planted("x = 1\n" * 601, "tests/planted.py")) == ["tests/planted.py has 601 lines"]
