"""Every plot returns its axes, says its numbers in words, and leaves matplotlib as it was."""

import importlib
import warnings
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt

from tlcourse import plots
from tlcourse.evaluate import reliability_curve

RNG = np.random.default_rng(0)
CURVES = {"accuracy": [0.5, 0.7, 0.9], "val_accuracy": [0.4, 0.625, 0.6], "loss": [1.5, 1.0, 0.25]}
MOVED = [
    {"name": "stem", "weight_change": 0.0, "statistic_change": 0.25},
    {"name": "head", "weight_change": 0.125, "statistic_change": None},
]
# plot function, its arguments, what the alt text must mention
CASES = {
    "image_grid": (
        plots.image_grid,
        (np.zeros((3, 4, 5, 3), np.uint8), ["cat", "dog", "dog"]),
        {"right": [True, False, True]},
        ["3 images of 4 by 5", "1 cat, 2 dog", "2 of 3 are right"],
    ),
    "history": (
        plots.history,
        (CURVES,),
        {"phases": {"head alone": 2, "fine-tuning": 1}},
        ["0.500 to 0.900", "0.400 to 0.600, best 0.625", "head alone (2 epochs)"],
    ),
    "accuracy_over_labels": (
        plots.accuracy_over_labels,
        ([5, 100], {"scratch": [[0.2, 0.8], [0.4, 0.9]], "frozen": [0.7, 0.9]}),
        {"chance": 0.1},
        ["scratch: 0.300 at 5, 0.850 at 100", "frozen: 0.700 at 5", "guessing: 0.100", "2 seeds"],
    ),
    "lines": (
        plots.lines,
        ({"long": ([1, 2, 4], [0.5, 0.6, 0.75]), "short": ([2, 3], [3.0, 1.5])},),
        {"x_label": "seconds", "y_label": "loss", "log_y": True},
        ["loss over seconds", "long: from 0.5 at 1 to 0.75 at 4", "short: from 3 at 2 to 1.5 at 3"],
    ),
    "layer_curve": (
        plots.layer_curve,
        (["stem", "top"], {"similar": [[0.9, 0.8], [0.7, 0.8]]}),
        {},
        ["similar: 0.800 at stem, 0.800 at top"],
    ),
    "moved_per_layer": (
        plots.moved_per_layer,
        (MOVED,),
        {},
        [
            "weights: 1 of 2 layers did not move, most did head (0.125)",
            "statistics: 0 of 1 layers did not move, most did stem (0.25)",
        ],
    ),
    "filters": (plots.filters, (RNG.standard_normal((3, 5, 3, 7)),), {}, ["7 kernels of 3 by 5"]),
    "activations": (plots.activations, (RNG.random((6, 5, 4)) * [1, 1, 1, 0],), {}, ["4 channels, 6 by 5; 1 of them"]),
    "confusion": (
        plots.confusion,
        ([[5, 2], [1, 8]], ["daisy", "aster"]),
        {},
        ["13 of 16 right", "takes daisy for aster (2 times)"],
    ),
    "embedding_map": (
        plots.embedding_map,
        ([[0, 0], [0, 2], [5, 0], [5, 2], [9, 0], [9, 2]], [0, 0, 1, 1, 2, 2], ["a", "b", "c"]),
        {},
        ["6 points in 3 classes", "b and c are closest"],
    ),
    "group_scores": (
        plots.group_scores,
        ({"plain": [[1.0, 0.25], [0.8, 0.35]], "balanced": [0.9, 0.75]}, ["many", "few"]),
        {},
        ["accuracy of 2 groups", "plain: worst few (0.30), best 0.90", "balanced: worst few (0.75)"],
    ),
    "reliability": (
        plots.reliability,
        ({"too sure": reliability_curve([0, 1, 1, 0], [0.9, 0.9, 0.9, 0.1])},),
        {},
        ["too sure: mean distance 0.200, of which above the diagonal 0.000"],
    ),
    "heat_overlay": (
        plots.heat_overlay,
        (
            np.zeros((2, 6, 6, 3), np.uint8),
            np.stack([np.eye(6)[:, ::-1] * np.arange(6)[:, None] / 5, np.zeros((6, 6))]),
            ["aster", "lily"],
        ),
        {},
        ["2 images", "aster: bottom left", "lily: nowhere"],
    ),
    "heat_map": (
        plots.heat_map,
        ([[0.5, 0.75], [0.25, np.nan]], ["1e-5", "1e-2"], ["1", "4"]),
        {},
        ["highest 0.75 at learning rate 1e-5, unfrozen blocks 4", "lowest 0.25 at learning rate 1e-2, unfrozen blocks 1"],
    ),
    "pareto": (
        plots.pareto,
        ([1.0, 5.0, 2.0], [0.5, 0.875, 0.25], ["small", "large", "poor"]),
        {"labels": ("seconds", "share right")},
        ["share right over seconds", "Not beaten on both sides: small 0.5 at 1; large 0.875 at 5. Beaten: poor 0.25 at 2."],
    ),
}
every_plot = pytest.mark.parametrize("name", CASES)


@pytest.fixture(autouse=True)
def _no_figure_left_and_none_shown(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("plt.show() was called"))
    plt.close("all")
    yield
    plt.close("all")


def draw(name, **more):
    function, arguments, options, _ = CASES[name]
    return function(*arguments, **{**options, **more})


def test_cases_cover_every_plot():
    no_axes = {"mark_spans"}  # marks in a text: see test_text_marks.py
    assert set(CASES) == set(plots.__all__) - {"alt_text", "set_alt_text", "colour_of", "PALETTE", "MARKERS"} - no_axes


@every_plot
def test_draws_on_the_axes_it_is_given_and_opens_no_figure(name):
    figure = mpl.figure.Figure()
    ax = figure.subplots()
    assert draw(name, ax=ax, title="A finding") is ax
    assert ax.get_title() == "A finding"
    assert plt.get_fignums() == []


@every_plot
def test_without_axes_opens_one_figure(name):
    ax = draw(name)
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.figure.axes == [ax]


@every_plot
def test_alt_text_gives_the_title_and_the_key_numbers(name):
    text = plots.alt_text(draw(name, title="What it shows"))
    assert text.startswith("What it shows. ")
    for part in CASES[name][3]:
        assert part in text


@every_plot
def test_settings_of_matplotlib_stay(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mpl.MatplotlibDeprecationWarning)
        before = dict(mpl.rcParams)
        draw(name)
        assert dict(mpl.rcParams) == before


def test_import_changes_no_setting_and_opens_no_figure():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mpl.MatplotlibDeprecationWarning)
        before = dict(mpl.rcParams)
        for room in (plots.style, plots.curves, plots.images, plots.matrices, plots.points):
            importlib.reload(room)
        importlib.reload(plots)
        assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ["history", "accuracy_over_labels", "layer_curve", "moved_per_layer", "confusion", "heat_map"])
def test_axes_are_labelled(name):
    ax = draw(name)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_alt_text_of_a_figure_joins_its_plots():
    figure, (left, right, empty) = plt.subplots(1, 3)
    draw("confusion", ax=left)
    draw("heat_map", ax=right)
    assert plots.alt_text(figure) == plots.alt_text(left) + "\n\n" + plots.alt_text(right)
    with pytest.raises(ValueError, match="no alt text"):
        plots.alt_text(empty)


def test_a_plot_of_ones_own_is_described_after_its_title():
    figure, (left, right) = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="set_alt_text"):
        plots.alt_text(left)
    left.set_title("Finding")
    plots.set_alt_text(left, "Two bars.")
    plots.set_alt_text(right, "A line.")
    assert plots.alt_text(left) == "Finding. Two bars."
    assert plots.alt_text(figure) == "Finding. Two bars.\n\nA line."
    figure.suptitle("Both")
    plots.set_alt_text(figure, "Bars beside a line.")
    assert plots.alt_text(figure).split("\n\n")[0] == "Both. Bars beside a line."
    with pytest.raises(ValueError, match="text=' '"):
        plots.set_alt_text(left, " ")


@pytest.mark.parametrize(("band", "reach"), [("range", 0.1), ("standard deviation", 0.1 * 2**0.5)])
def test_line_is_the_mean_and_band_the_spread(band, reach):
    ax = plots.accuracy_over_labels([5, 20], {"frozen": [[0.2, 0.5], [0.4, 0.7]]}, band=band)
    assert ax.lines[0].get_ydata() == pytest.approx([0.3, 0.6])
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.3 - reach, 0.6 + reach))
    assert ax.get_xscale() == "log"


def test_history_counts_epochs_from_one_and_marks_the_change_of_phase():
    ax = draw("history")
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.lines[-1].get_xdata() == [2.5, 2.5]
    assert {text.get_text() for text in ax.texts} == {"head alone", "fine-tuning"}


def test_history_takes_the_object_that_fit_returns_and_knows_that_small_losses_are_best():
    ax = plots.history(SimpleNamespace(history=CURVES), metric="loss")
    assert "best 0.250" in plots.alt_text(ax)


def test_moved_takes_objects_with_rows_and_marks_growth_from_zero():
    rows = [SimpleNamespace(name="bias", weight_change=float("inf"), statistic_change=None), SimpleNamespace(**MOVED[0])]
    ax = plots.moved_per_layer(SimpleNamespace(rows=rows))
    assert "most did bias (it was zero before)" in plots.alt_text(ax)
    assert "from zero " in {text.get_text() for text in ax.texts}


def test_wrong_pictures_are_marked_in_words_not_in_colour_alone():
    captions = [text.get_text() for text in draw("image_grid").texts]
    assert captions == ["✓ cat", "✗ dog", "✓ dog"]


def test_zero_in_a_kernel_is_mid_grey():
    ax = plots.filters(np.concatenate([np.zeros((2, 2, 3, 1)), np.full((2, 2, 3, 1), -4.0)], axis=3))
    assert [float(np.mean(image.get_array())) for image in ax.images] == [0.5, 0.0]


def test_numbers_in_cells_contrast_with_their_cell():
    ax = plots.heat_map([[0.0, 1.0]], ["a"], ["b", "c"])
    assert [text.get_color() for text in ax.texts] == ["white", "black"]


def test_classes_beyond_the_palette_still_differ_in_colour_or_marker():
    ax = plots.embedding_map(RNG.random((40, 2)), np.arange(40) % 20)
    looks = {(tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes()) for c in ax.collections}
    assert len(looks) == 20


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.image_grid(np.zeros((4, 4))), r"`images`.*3 or 4 dimensions.*\(4, 4\)"),
        (lambda: plots.image_grid(np.zeros((2, 4, 4, 5))), "1, 3 or 4 channels"),
        (lambda: plots.image_grid(np.full((2, 4, 4, 3), 255.0)), r"astype\('uint8'\)"),
        (lambda: plots.image_grid(np.zeros((2, 4, 4, 3)), ["one"]), r"`labels`.*image \(2\).*1"),
        (lambda: plots.image_grid(np.zeros((2, 4, 4, 3)), columns=0), "columns=0"),
        (lambda: plots.history({"accuracy": [1]}, metric="auc"), r"\['accuracy'\].*metric='auc'"),
        (lambda: plots.history(CURVES, phases={"all": 5}), "add up to the 3 epochs"),
        (lambda: plots.accuracy_over_labels([0, 5], {"a": [1, 2]}), "logarithmic"),
        (lambda: plots.accuracy_over_labels([1, 5], {"a": [1, 2, 3]}), r"accuracies\['a'\].*\(2\).*3"),
        (lambda: plots.accuracy_over_labels([1, 5], {"a": [1, 2]}, band="sem"), "band='sem'"),
        (lambda: plots.layer_curve(["a"], {"x": [1, 2]}), r"per layer \(1\)"),
        (lambda: plots.moved_per_layer([]), "at least one layer"),
        (lambda: plots.moved_per_layer([{"name": "a"}]), "'weight_change'"),
        (lambda: plots.moved_per_layer([{"name": "a", "weight_change": -1}]), "change of layer 'a'=-1"),
        (lambda: plots.filters(np.zeros((3, 3, 64, 8))), "first convolution"),
        (lambda: plots.activations(np.zeros((1, 4, 4, 8))), r"maps\[0\]"),
        (lambda: plots.confusion(np.zeros((2, 3), int)), "square"),
        (lambda: plots.confusion(np.zeros((2, 2), int), ["a"]), "`class_names`"),
        (lambda: plots.embedding_map(np.zeros((4, 64)), [0] * 4), "PCA"),
        (lambda: plots.embedding_map(np.zeros((2, 2)), [0, 3], ["a"]), r"len\(class_names\)=1, labels.max\(\)=3"),
        (lambda: plots.heat_map(np.zeros((2, 2)), ["a"], ["b", "c"]), "`row_names`"),
        (lambda: plots.heat_map([[np.nan]], ["a"], ["b"]), "finite"),
        (lambda: plots.heat_overlay(np.zeros((1, 4, 4, 3)), np.zeros((1, 2, 2))), "a value for each place"),
        (lambda: plots.heat_overlay(np.zeros((1, 4, 4, 3)), np.full((1, 4, 4), 3.0)), "between 0 and 1"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_something_else_than_axes_is_refused():
    with pytest.raises(TypeError, match=r"plt\.subplots\(\)"):
        plots.confusion([[1]], ax="here")
