import pytest

from customers import postal_codes


@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("DE", " 10115 ", "10115"),
        ("DE", "D-10115", "10115"),
        ("NL", "1012js", "1012 JS"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M1 1AE", "M1 1AE"),
        ("US", "94103", "94103"),
        ("US", "941031234", "94103-1234"),
        ("US", "94103-1234", "94103-1234"),
        ("JP", "1000001", "100-0001"),
        ("IE", "d02af30", "D02 AF30"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("SE", "11120", "111 20"),
        ("PL", "00001", "00-001"),
        ("AT", "AT-1010", "1010"),
        ("ES", "28013", "28013"),
        ("IT", "00186", "00186"),
        ("FR", "75001", "75001"),
    ],
)
def test_a_code_is_kept_as_its_country_writes_it(country, typed, written):
    assert postal_codes.normalise(typed, country) == written


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "1011"),
        ("DE", "SW1A 1AA"),
        ("GB", "12345"),
        ("NL", "1012"),
        ("US", "9410"),
        ("JP", "100"),
        ("DE", "١٠١١٥"),
    ],
)
def test_a_code_of_another_shape_is_refused_with_an_example(country, typed):
    with pytest.raises(ValueError, match="looks like") as refused:
        postal_codes.normalise(typed, country)

    assert postal_codes.RULES[country].example in str(refused.value)


def test_every_example_follows_its_own_rule():
    for country, rule in postal_codes.RULES.items():
        assert postal_codes.normalise(rule.example, country) == rule.example


def test_a_country_without_a_rule_takes_what_is_typed():
    assert postal_codes.normalise("  Box  17 ", "KE") == "Box 17"
