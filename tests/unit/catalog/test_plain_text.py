"""Markup is read, never shown."""

import time

import pytest

from catalog.plain_text import from_html


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Plain words.", "Plain words."),
        ("Kept\nline breaks", "Kept\nline breaks"),
        ("<p>One</p><p>two</p>", "One\n\ntwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>after", "– a\n– b\n\nafter"),
        ("<p>Tom &amp; Jerry&nbsp;&lt;3</p>", "Tom & Jerry <3"),
        ("<script>alert(1)</script>safe<style>p{}</style>", "safe"),
        ("<p onclick='x()'>a <b>bold</b>\n  word</p>", "a bold word"),
        ("<!-- hidden -->seen", "seen"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>"),
        ("<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", "a\n\nb"),
        ("", ""),
        ("<p></p>", ""),
        ("<p>unclosed", "unclosed"),
    ],
)
def test_markup_becomes_the_text_a_reader_would_see(markup: str, text: str):
    assert from_html(markup) == text


def test_tags_nested_by_the_thousand_are_left_out_in_no_time() -> None:
    begun = time.monotonic()

    found = from_html("<ul><li>" * 12_000 + "A <b>blue</b> jug &amp; lid")

    assert found == "A blue jug & lid"
    assert time.monotonic() - begun < 1
