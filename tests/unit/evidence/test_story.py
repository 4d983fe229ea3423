"""Words for the bank keep to its limits, and say what was left out."""

from evidence.story import shortened


def test_what_fits_is_left_alone():
    assert shortened("x" * 100, 100) == "x" * 100


def test_what_does_not_fit_says_how_much_was_left_out():
    text = "".join(str(number % 10) for number in range(30_000))

    kept = shortened(text, 20_000)

    assert len(kept) <= 20_000
    told = int("".join(one for one in kept.rpartition("[")[2] if one.isdigit()))
    assert kept.startswith(text[: 30_000 - told])
    assert kept.partition("\n[")[0] == text[: 30_000 - told]
