"""What people write in answer to a digest, and what is understood of it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.orders import Order, orders_in


@pytest.mark.parametrize(
    ("text", "numbers", "label"),
    [
        ("2 complaint", (2,), "complaint"),
        ("2: reclamo", (2,), "complaint"),
        ("#2 = Skarga.", (2,), "complaint"),
        ("- 3 richiesta", (3,), "request"),
        ("1, 3-5: newsletter", (1, 3, 4, 5), "newsletter"),
        ("1; 2 & 4 prośba", (1, 2, 4), "request"),
        ("2) INNE", (2,), "other"),
        ("complaint", (), "complaint"),
        ("  «reclamo»!", (), "complaint"),
        ("7 \u2013 9 altro", (7, 8, 9), "other"),
        ("4 gwarancja", (4,), "gwarancja"),
    ],
)
def test_a_line_is_an_order(text: str, numbers: tuple[int, ...], label: str) -> None:
    """With numbers, spans and the words of three languages, and the house's own labels."""
    assert orders_in(text, ("gwarancja",)) == (
        Order(line=text.strip(), numbers=numbers, label=label),
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("4 cause delivery", "delivery"),
        ("4: causa «consegna in ritardo».", "consegna in ritardo"),
        ("4 przyczyna dostawa", "dostawa"),
    ],
)
def test_a_cause_is_what_follows(text: str, cause: str) -> None:
    """In the words of whoever says it."""
    (order,) = orders_in(text)
    assert (order.numbers, order.cause, order.label) == ((4,), cause, None)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [("2 complant", "word"), ("2", "number"), ("1234 complaint", "number"), ("4 cause", "word")],
)
def test_what_begins_with_a_number_is_answered_for(text: str, trouble: str) -> None:
    """It was meant as an order, so whoever wrote it is told."""
    assert [one.trouble for one in orders_in(text)] == [trouble]


def test_a_letter_round_the_orders_is_passed_over() -> None:
    """Greetings, a signature, and the digest itself below."""
    text = (
        "Buongiorno,\n\n1 reclamo\n2 richiesta\ngrazie mille, la 3 non la conosco\n\nAnna\n"
        "-- \n4 altro\n"
    )
    assert [one.line for one in orders_in(text)] == ["1 reclamo", "2 richiesta"]
    assert [one.line for one in orders_in("1 reclamo\n> 2 richiesta\n3 altro")] == ["1 reclamo"]


@given(st.text(alphabet=string.digits + " ,;-\u2013abc\n:.", max_size=6_000))
def test_whatever_is_written_is_bounded(text: str) -> None:
    """No number of more than three digits, no more than a hundred of them, few lines."""
    orders = orders_in(text)
    assert len(orders) <= 60
    assert all(len(one.numbers) <= 100 and max(one.numbers, default=0) < 1_100 for one in orders)
