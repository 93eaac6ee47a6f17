"""The geometry of the plots."""

import pytest

from service.pages import plots


@pytest.mark.parametrize(
    ("number", "top"),
    [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 4),
        (11, 12),
        (13, 16),
        (17, 20),
        (21, 40),
        (61, 80),
        (81, 100),
        (101, 120),
        (123456, 160000),
    ],
)
def test_an_axis_ends_at_an_even_number_that_is_easy_to_read(number: int, top: int) -> None:
    assert plots.ceiling(number) == top


def test_columns_stand_on_the_ground_and_on_each_other() -> None:
    plot = plots.columns(("a", "b", "c"), [("one", "1", (1, 0, 2)), ("two", "2", (0, 4, 0))])
    assert plot.ticks == (4, 2, 0)
    first, second = (
        [(part.kind, part.y, part.height) for part in column.segments] for column in plot.columns
    )
    assert first == [("a", 75, 25), ("c", 25, 50)], "nothing is drawn for nothing"
    assert second == [("b", 0, 100)]
    assert plot.columns[1].segments[0].x > plot.columns[0].segments[0].x


def test_a_plot_of_nothing() -> None:
    plot = plots.columns(("a",), [])
    assert (plot.columns, plot.ticks, plot.labels) == ((), (2, 1, 0), ())
    assert plot.width > 0


@pytest.mark.parametrize(
    ("number", "labels"), [(1, "0"), (5, "0,1,2,3,4"), (9, "0,,2,,4,,6,,8"), (6, "0,1,2,,4,5")]
)
def test_a_few_labels_with_the_first_and_the_last_each_in_its_place(
    number: int, labels: str
) -> None:
    plot = plots.columns(("a",), [(str(place), "", (1,)) for place in range(number)])
    assert ",".join(plot.labels) == labels


def test_a_bar_takes_its_share() -> None:
    parts = plots.bar([("a", 1), ("b", 0), ("c", 2)], 4)
    assert [(part.kind, part.x, part.width) for part in parts] == [("a", 0, 25), ("c", 25, 50)]
    assert plots.bar([("a", 0)], 0) == ()
