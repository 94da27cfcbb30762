"""`[classifier.costs]`: what is left out keeps its default, and mistakes in it are named."""

import pytest

from daemon import config
from daemon.config.settings import COSTS
from daemon.triage.verdict import UNLISTED, judge
from tests.stages.test_config_problems import FILE, changed, only
from tests.stages.triage_builders import reading


def with_costs(line: str) -> str:
    """Return the small configuration with a line in its table of the classifier."""
    return changed(("[web]", f"[classifier]\n{line}\n[web]"))


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ("costs.complant = { any = 1 }", "costs.complant", "did you mean complaint?"),
        ("costs.other = { reqest = 1 }", "costs.other.reqest", "did you mean request?"),
        ("costs.other = { other = 2 }", "costs.other.other", "no mistake"),
        ("costs.other = { any = -2 }", "costs.other.any", "0 or more"),
        ("costs.other = { any = 1001 }", "costs.other.any", "1000 or less"),
        ("costs.other = { any = nan }", "costs.other.any", "1000 or less"),
        ("costs.other = 2", "costs.other", "table"),
        ('costs = "dear"', "costs", "table"),
        ('labels = ["any"]', "labels[0]", "another name"),
    ],
)
def test_a_mistake_in_the_costs_is_found_where_it_stands(line: str, key: str, says: str) -> None:
    """Line and key are those of the file, and what is allowed is said."""
    found = only(with_costs(line))
    assert (found[0], found[1]) == (31, f"classifier.{key}")
    assert says in found[2]


def test_what_is_left_out_keeps_its_default() -> None:
    """A row, and a cell of a row, can be set alone."""
    costs = config.parse(with_costs("costs.complaint = { request = 9 }"), FILE).classifier.costs
    assert costs == {**COSTS, "complaint": {"request": 9, "any": 8}}


def test_a_label_of_the_house_has_costs_of_its_own() -> None:
    """Set, they are used; not set, a mistake costs the same in each way."""
    line = 'labels = ["orders"]\ncosts.orders = { any = 9 }'
    costs = config.parse(with_costs(line), FILE).classifier.costs
    doubtful = reading(scores={"other": 0.85, "orders": 0.15})
    assert judge(doubtful, costs).label is None
    assert 0.15 * UNLISTED < 1
    assert judge(doubtful, COSTS).label == "other"
