"""Holds figures and pictures to what they are made of: nothing overlaps, leaves or misleads."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from exhibits.measure import Spread, cores_together, drawn, spreads
from exhibits.pictures import (
    IDLE,
    PLOT,
    ROOM_FOR_A_WORD,
    STEP,
    TICKS,
    Chart,
    Measure,
    Row,
    chart,
    name_of,
    rounded,
    timelines,
)
from exhibits.run import BIN, Lane
from tests.machinery.conftest import a_lane, a_run, an_interpreter

# Places and widths are rounded to 0.01 % each.
ROUNDING = 0.0101


def rows(*lanes: Lane, names: Sequence[str] = ()) -> tuple[Row, ...]:
    (one,) = timelines([a_run(lanes=lanes)], names)
    return one.rows


def any_lane(seed: int) -> Lane:
    """A lane of any length that begins and ends anywhere, with stretches of equal bins."""
    chance = random.Random(seed)
    shares: list[tuple[float, float]] = []
    for _ in range(chance.randint(1, 12)):
        two = [chance.choice([0, 0.02, 0.5, 1, 1.3, chance.random()]) for _ in range(2)]
        shares += [(two[0], two[1])] * chance.randint(1, 9)
    on_core, held_back = zip(*shares, strict=True)
    lane = a_lane(on_core, first=chance.randint(0, 20), held_back=held_back)
    fields = vars(lane) | {
        "began": round(lane.began + chance.random() * BIN * 0.9, 3),
        "ended": round(lane.ended - chance.random() * BIN * 0.05, 3),
    }
    return Lane(**fields)


@pytest.mark.parametrize(
    ("printed", "figures"),
    [
        ("threads: 1.5 2 1\n", {"threads": (1.5, 2.0, 1.0)}),
        ("a: 1\nb: 2\n", {"a": (1.0,), "b": (2.0,)}),
        ("two words: 10.25 0\n", {"two words": (10.25, 0.0)}),
        ("interpreters: refused\nthreads: 1\n", {"threads": (1.0,)}),
        ("a: 1 of 2\nb:\nc: \nd\n\ne: -1\nf: 1e5\ng: nan\nh: .5\ni: 1. 2\n", {}),
        ("a: 1: 2\n", {}),
        ("", {}),
    ],
)
def test_the_figures_of_each_line_are_read_and_no_others(
    printed: str, figures: dict[str, tuple[float, ...]]
) -> None:
    found = spreads(a_run(stdout=printed, stderr="c: 3\n"))
    assert {label: spread.figures for label, spread in found.items()} == figures


@pytest.mark.parametrize(
    ("figures", "low", "median", "high"),
    [((3.0, 1.0, 2.0), 1, 2, 3), ((4.0, 1.0, 2.0, 3.0), 1, 2.5, 4), ((7.0,), 7, 7, 7)],
)
def test_a_spread_is_from_the_lowest_to_the_highest_figure_in_any_order(
    figures: tuple[float, ...], low: float, median: float, high: float
) -> None:
    spread = Spread(figures)
    assert (spread.low, spread.median, spread.high) == (low, median, high)


def test_every_thread_of_a_lone_process_is_drawn() -> None:
    lanes = (a_lane([1]), a_lane([1], thread=1), a_lane([1], thread=2))
    assert drawn(lanes) == list(lanes)


def test_of_several_processes_one_lane_each_is_drawn_and_none_of_a_helper() -> None:
    main, child = a_lane([1]), a_lane([1], process=2)
    served = a_lane([1], process=1, helper=True), a_lane([1], process=1, thread=1, helper=True)
    assert drawn((main, a_lane([1], thread=1), *served, child)) == [main, child]
    lone = a_lane([1], thread=1)
    assert drawn((main, lone, *served)) == [main, lone], "a helper does not make it several"


@pytest.mark.parametrize(
    ("shares", "cores"),
    [
        ([[1.0] * 10, [1.0] * 10], 2.0),
        ([[0.5] * 10, [0.5] * 10], 1.0),
        ([[1.0] * 4 + [0.5] * 6, [0.5] * 10, [0.5] * 10], 1.667),
    ],
)
def test_cores_together_are_those_that_the_computing_lanes_had(
    shares: list[list[float]], cores: float
) -> None:
    lanes = tuple(a_lane(each, thread=number) for number, each in enumerate(shares))
    assert cores_together(a_run(lanes=lanes)) == pytest.approx(cores, abs=0.002)


@pytest.mark.parametrize("second", [[0.01] * 10, [0.2] * 10])
def test_lanes_of_which_only_one_computes_have_no_cores_together(second: list[float]) -> None:
    lanes = (a_lane([1.0] * 10), a_lane(second, thread=1))
    assert cores_together(a_run(lanes=lanes)) is None


def test_only_the_time_counts_in_which_all_computing_lanes_are_alive() -> None:
    late = a_lane([1.0] * 5, thread=1, first=10)
    together = cores_together(a_run(lanes=(a_lane([1.0] * 10 + [0.5] * 10), late)))
    assert together == pytest.approx(1.5, abs=0.001)


def test_time_in_which_lanes_were_ready_counts_if_asked_for() -> None:
    half = [Lane(0, n, "", False, 0, 0.5, (0.02,) * 10, (0.025,) * 10) for n in range(2)]
    run = a_run(lanes=tuple(half))
    assert cores_together(run) == pytest.approx(0.8)
    assert cores_together(run, ready=True) == pytest.approx(1.8)


@pytest.mark.parametrize("seed", range(50))
def test_bars_never_overlap_nor_leave_the_picture_nor_their_lane(seed: int) -> None:
    lanes = [any_lane(seed), any_lane(seed + 1000)]
    for row in rows(*lanes):
        assert 0 <= row.x <= row.x + row.width <= 100 + ROUNDING
        assert row.bars[0].x == pytest.approx(row.x, abs=ROUNDING)
        last = row.bars[-1]
        assert last.x + last.width == pytest.approx(row.x + row.width, abs=2 * ROUNDING)
        for bar, after in pairwise(row.bars):
            assert bar.x + bar.width == pytest.approx(after.x, abs=ROUNDING), "no gap either"


@pytest.mark.parametrize("seed", range(50))
def test_bars_have_heights_in_steps_and_equal_neighbours_are_one(seed: int) -> None:
    for row in rows(any_lane(seed)):
        heights = [(bar.height, bar.held_back) for bar in row.bars]
        assert {height for pair in heights for height in pair} <= set(range(0, 101, STEP))
        assert all(height + held_back <= 100 for height, held_back in heights)
        assert all(one != other for one, other in pairwise(heights))


@pytest.mark.parametrize("seed", range(50))
def test_the_area_of_the_bars_is_the_time_on_a_core(seed: int) -> None:
    lane = any_lane(seed)
    (row,) = rows(lane)
    area = sum(bar.width / 100 * lane.ended * bar.height / 100 for bar in row.bars)
    bins = range(int(lane.began / BIN), len(lane.on_core))
    most = sum(min(BIN, lane.on_core[number]) for number in bins)
    # A height is off by half a step at most, or by all of what is too little to draw.
    off = max(STEP / 200, IDLE) * (lane.ended - lane.began)
    # The first bin is cut off where the lane begins: what it had of a core may not fit.
    assert area == pytest.approx(most, abs=off + BIN)


def test_equal_neighbours_are_drawn_as_one_bar() -> None:
    (row,) = rows(a_lane([1.0] * 4 + [0.5] * 2 + [0.0] * 4))
    assert [(bar.x, bar.width, bar.height) for bar in row.bars] == [
        (0, 40, 100),
        (40, 20, 50),
        (60, 40, 0),
    ]


@pytest.mark.parametrize(
    ("share", "height"),
    [(0, 0), (IDLE - 0.01, 0), (IDLE + 0.01, STEP), (0.52, 50), (0.53, 55), (1, 100), (7, 100)],
)
def test_a_share_of_a_core_has_its_height(share: float, height: int) -> None:
    (row,) = rows(a_lane([share] * 3))
    assert [bar.height for bar in row.bars] == [height]


@pytest.mark.parametrize(
    ("on_core", "held_back", "drawn_as"),
    [
        (0.5, 0.5, (50, 50)),
        (0.3, 0.2, (30, 20)),
        (0, 1, (0, 100)),
        (0.9, 0.9, (90, 10)),
        (1, 1, (100, 0)),
        (0.01, 0.01, (0, 0)),
    ],
)
def test_what_a_lane_was_held_back_is_drawn_above_what_it_had(
    on_core: float, held_back: float, drawn_as: tuple[int, int]
) -> None:
    (row,) = rows(a_lane([on_core] * 3, held_back=[held_back] * 3))
    assert [(bar.height, bar.held_back) for bar in row.bars] == [drawn_as]


def test_a_lane_that_is_held_back_does_not_wait() -> None:
    (row,) = rows(a_lane([0.0] * 10, held_back=[0.5] * 10))
    assert row.waits == ()


def test_a_lane_waits_only_where_there_is_room_for_the_word() -> None:
    narrow = ROOM_FOR_A_WORD - 1  # bins of a per cent each
    shares = [1.0] + [0.0] * narrow + [1.0] + [0.0] * (97 - narrow) + [1.0]
    (row,) = rows(a_lane(shares))
    (wait,) = row.waits
    assert wait == pytest.approx(narrow + 2 + (97 - narrow) / 2)
    assert rows(a_lane([1.0] * 10))[0].waits == ()
    assert rows(a_lane([0.0] * 10))[0].waits == (50,)


@pytest.mark.parametrize(
    "seconds", [0.05, 0.1, 0.4, 0.6, 1, 1.2, 2.95, 3, 7, 29.95, 59.95, 60, 600]
)
def test_a_scale_has_few_ticks_from_zero_on_within_the_picture(seconds: float) -> None:
    (one,) = timelines([a_run(lanes=(a_lane([1.0] * round(seconds / BIN)),))])
    assert 1 < len(one.ticks) < TICKS + 1
    assert one.ticks[0] == (0, 0)
    assert len({second for second, _ in one.ticks}) == len(one.ticks)
    for second, x in one.ticks:
        assert 0 <= x <= 100
        assert x == pytest.approx(100 * second / seconds, abs=ROUNDING)


def test_several_runs_have_one_scale() -> None:
    short, long = a_run("3.14", lanes=(a_lane([1] * 5),)), a_run("3.14t", lanes=(a_lane([1] * 10),))
    first, second = timelines([short, long])
    assert first.ticks == second.ticks
    assert (first.rows[0].width, second.rows[0].width) == (50, 100)


def test_lanes_that_are_not_drawn_do_not_stretch_the_scale_and_are_counted() -> None:
    served = a_lane([0] * 40, process=1, helper=True)
    (one,) = timelines([a_run(lanes=(a_lane([1] * 10), served, a_lane([1] * 5, process=2)))])
    assert [row.width for row in one.rows] == [100, 50]
    assert one.hidden == 1


@pytest.mark.parametrize("lanes", [None, ()])
def test_a_run_without_lanes_has_no_timeline(lanes: tuple[Lane, ...] | None) -> None:
    assert timelines([a_run(lanes=lanes)]) == []
    assert timelines([]) == []


def test_lanes_are_named_as_python_names_its_threads() -> None:
    lanes = [
        a_lane([1]),
        a_lane([1], thread=1, name="Thread-1 (work)"),
        a_lane([1], thread=2, name="sleeper"),
        a_lane([1], thread=3),
        a_lane([1], thread=4, name="Thread-A"),
        a_lane([1], thread=5, name="Thread-2 (work)"),
        a_lane([1], thread=6, name="Thread-31 (whos"),
        a_lane([1], thread=7, name="Thread-8"),
    ]
    assert [name_of(lane, number, lanes) for number, lane in enumerate(lanes)] == [
        "main thread",
        "Thread-1",
        "sleeper",
        "Thread-3",
        "Thread-A",
        "Thread-2",
        "Thread-31",
        "Thread-8",
    ]


def test_lanes_of_several_processes_are_named_by_the_process() -> None:
    lanes = [a_lane([1]), a_lane([1], process=1), a_lane([1], process=2, name="own")]
    assert [name_of(lane, number, lanes) for number, lane in enumerate(lanes)] == [
        "parent process",
        "child process 1",
        "child process 2",
    ]


def test_children_are_numbered_without_the_helpers_that_are_not_drawn() -> None:
    lanes = (a_lane([1]), a_lane([1], process=1, helper=True), a_lane([1], process=2))
    assert [row.name for row in rows(*lanes)] == ["parent process", "child process 1"]


def test_names_take_the_place_of_the_lanes_own() -> None:
    lanes = a_lane([1]), a_lane([1], thread=1, name="own")
    assert [row.name for row in rows(*lanes, names=["first", "second"])] == ["first", "second"]


@pytest.mark.parametrize("names", [["one"], ["one", "two", "three"]])
def test_names_that_are_not_as_many_as_the_lanes_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match=rf"^{len(names)} names for 2 lanes$"):
        rows(a_lane([1]), a_lane([1], thread=1), names=names)


def test_a_row_tells_how_long_its_lane_lived_and_was_on_a_core() -> None:
    (row,) = rows(a_lane([1.0, 0.5, 0.0, 0.0], first=4))
    assert (row.began, row.ended) == (0.2, 0.4)
    assert (row.on_core, row.share) == (pytest.approx(0.075), pytest.approx(0.375))


def test_a_lane_seen_only_once_has_no_share_and_no_bar() -> None:
    seen_once = Lane(0, 1, "", False, 0.2, 0.2, (0.0, 0.0, 0.0, 0.0, 0.001), (0.0,) * 5)
    _, row = rows(a_lane([1.0] * 10), seen_once)
    assert (row.share, row.width, row.bars, row.waits) == (0, 0, (), ())


def measured(
    *columns: dict[str, tuple[float, ...]], logarithmic: bool = False
) -> tuple[Chart, list[Measure]]:
    """A chart of what each interpreter measured, and all of its rows."""
    spread = [
        (an_interpreter(f"3.{11 + n}"), {label: Spread(f) for label, f in column.items()})
        for n, column in enumerate(columns)
    ]
    made = chart(spread, logarithmic)
    return made, [measure for _, measures in made.groups for measure in measures]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("logarithmic", [False, True], ids=["linear", "logarithmic"])
def test_places_grow_with_the_figures_and_stay_within_the_scale(
    logarithmic: bool, seed: int
) -> None:
    chance = random.Random(seed)
    scale = 10 ** chance.uniform(-3, 5)
    columns = [
        {
            label: tuple(round(scale * chance.uniform(0.01, 3), 6) for _ in range(5))
            for label in ("threads", "processes")
        }
        for _ in range(4)
    ]
    made, every = measured(*columns, logarithmic=logarithmic)
    assert len(every) == 8
    placed = sorted(
        pair
        for one in every
        for pair in (
            (one.spread.low, one.low),
            (one.spread.median, one.median),
            (one.spread.high, one.high),
        )
    )
    assert [place for _, place in placed] == sorted(place for _, place in placed)
    assert all(0 <= place <= PLOT for _, place in placed)
    assert [mark for mark, _ in made.marks] == sorted({mark for mark, _ in made.marks})
    assert all(0 <= place <= PLOT for _, place in made.marks)


@pytest.mark.parametrize("figure", [0.001, 0.5, 1, 9.99, 10, 250, 12345.5])
def test_a_linear_scale_begins_at_zero_has_few_marks_and_ends_at_the_highest_figure(
    figure: float,
) -> None:
    made, (one,) = measured({"a": (figure,)})
    assert made.marks[0] == (0, 0)
    assert len(made.marks) < TICKS + 1
    assert one.low == one.median == one.high == PLOT
    half, whole = measured({"a": (figure / 2, figure)})[1][0].low, PLOT
    assert half == pytest.approx(whole / 2, abs=ROUNDING), "twice as long is twice as much"


def test_a_bar_of_zero_has_no_length() -> None:
    _, (nothing, something) = measured({"a": (0.0, 0.0), "b": (1.0,)})
    assert (nothing.low, nothing.median, nothing.high) == (0, 0, 0)
    assert something.median == PLOT


@pytest.mark.parametrize(
    ("figures", "marks"),
    [
        ((2.0, 500.0), [1, 10, 100, 1000]),
        ((0.02, 0.5), [0.01, 0.1, 1]),
        ((10.0, 1000.0), [10, 100, 1000]),
        ((3.0,), [1, 10]),
    ],
)
def test_a_logarithmic_scale_goes_from_a_power_of_ten_to_another_around_all_figures(
    figures: tuple[float, ...], marks: list[float]
) -> None:
    made, (one,) = measured({"a": figures}, logarithmic=True)
    assert [mark for mark, _ in made.marks] == pytest.approx(marks)
    places = [place for _, place in made.marks]
    steps = [after - before for before, after in pairwise(places)]
    assert steps == [pytest.approx(PLOT / len(steps), abs=2 * ROUNDING)] * len(steps)
    assert (places[0], places[-1]) == (0, PLOT)
    assert 0 <= one.low <= one.median <= one.high <= PLOT


def test_a_chart_has_a_group_a_label_and_in_it_a_row_an_interpreter_that_measured_it() -> None:
    made, _ = measured({"a": (1.0,)}, {"a": (2.0,), "b": (3.0,)}, {"c": (4.0,)})
    assert [
        (label, [measure.interpreter.name for measure in measures])
        for label, measures in made.groups
    ] == [("a", ["3.11", "3.12"]), ("b", ["3.12"]), ("c", ["3.13"])]


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (0, "0.00"),
        (0.004, "0.00"),
        (1.234, "1.23"),
        (9.99, "9.99"),
        (12.345, "12.3"),
        (123.4, "123"),
        (12345.6, "12,346"),
    ],
)
def test_a_figure_is_rounded_to_the_digits_that_tell_something(figure: float, shown: str) -> None:
    assert rounded(figure) == shown


def test_a_chart_of_nothing_but_zeros_has_bars_without_length() -> None:
    _, (one,) = measured({"a": (0.0, 0.0)})
    assert (one.low, one.median, one.high) == (0, 0, 0)


@pytest.mark.parametrize("figure", [1.0, 100.0])
def test_a_single_power_of_ten_has_a_place_on_a_logarithmic_scale(figure: float) -> None:
    _, (one,) = measured({"a": (figure,)}, logarithmic=True)
    assert 0 <= one.median <= PLOT
