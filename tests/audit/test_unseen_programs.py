"""Programs after well-known tutorials, written without a look at the detectors: their mistakes are named, correct ones are silent."""

import shutil
from pathlib import Path

import keras
import nbformat
import pytest

from tests.audit.small_world import application
from tlcourse.audit.program.examine import examine_program

FOLDER = Path(__file__).parent / "unseen"
# File of weights -> the network whose learned-looking values it holds.
WEIGHTS = {
    "mobilenet": ("MobileNetV2", {"alpha": 0.35}),
    "efficientnet": ("EfficientNetB0", {}),
    "densenet": ("DenseNet121", {}),
}
# Always run: programs that the doctor was wrong about when it saw them first, and some that are quick.
QUICK = {
    "bug_dropout_always_on",
    "bug_early_stopping",
    "bug_first_fifth_of_the_alphabet",
    "bug_glove_trains",
    "bug_one_unit_softmax",
    "bug_oversampled_first",
    "bug_partition_snippet",
    "bug_sequence_never_shuffles",
    "bug_sorted_validation_split",
    "bug_text_logits",
    "right_autoencoder",
    "right_digits_convnet",
    "right_house_prices",
    "right_segmentation",
    "right_table_with_class_weight",
}
NOTHING: set[str] = set()
# Program -> what has to be said at its calls of fit(), one after the other.
SAID = {
    "bug_augmented_before_split": [{"duplicates"}],
    "bug_batchnorm_in_flat_model": [{"batchnorm-moves"}],
    "bug_book_fine_tunes_the_head": [NOTHING, {"nothing-unfrozen"}],
    "bug_cached_augmentation": [{"frozen-augmentation"}],
    "bug_densenet_raw_pixels": [{"preprocessing"}],
    "bug_dropout_always_on": [{"inference-mode"}],
    "bug_early_stopping": [{"validation-is-test"}],
    "bug_efficientnet_generator": [{"preprocessing"}],
    "bug_fine_tune_rate": [NOTHING, {"learning-rate", "batchnorm-moves"}],  # fit() overrides training=False of unfrozen layers
    "bug_first_fifth_of_the_alphabet": [{"missing-classes"}],
    "bug_flowers_upper_blocks": [NOTHING, {"batchnorm-moves"}],
    "bug_food_quarter_of_the_test_set": [{"validation-is-test"}],
    "bug_forgot_the_weights": [{"random-weights"}],
    "bug_generator_rescale": [{"preprocessing"}],
    "bug_glove_trains": [{"learning-rate"}],
    "bug_guide_training_false": [NOTHING, {"batchnorm-moves"}],
    "bug_one_unit_categorical": [{"loss-and-output"}],
    "bug_one_unit_softmax": [{"loss-and-output"}],
    "bug_oversampled_first": [{"duplicates"}],
    "bug_partition_snippet": [{"changing-split"}],
    "bug_preprocessed_and_rescaled": [{"preprocessing"}],
    "bug_search_on_the_test_set": [{"validation-is-test"}] * 4,
    "bug_sequence_never_shuffles": [{"not-shuffled"}],
    "bug_sorted_validation_split": [{"missing-classes"}],
    "bug_text_logits": [{"loss-and-output"}],
    "bug_tutorial_take_from_validation": [{"changing-split"}],
    "bug_two_seeds": [{"duplicates"}],
    "bug_unfreeze_without_compile": [NOTHING, {"not-recompiled", "batchnorm-moves"}],  # once compiled, statistics would move
    "right_augmenting_sequence": [NOTHING],
    "right_autoencoder": [NOTHING] * 2,
    "right_cached_features": [NOTHING],
    "right_digits_convnet": [NOTHING],
    "right_distiller": [NOTHING] * 3,
    "right_efficientnet": [NOTHING] * 3,
    "right_feature_space": [NOTHING],
    "right_forecast": [NOTHING],
    "right_gan": [NOTHING],
    "right_generator_mobilenet": [NOTHING] * 2,
    "right_guide_batchnorm_frozen": [NOTHING] * 2,
    "right_house_prices": [NOTHING],
    "right_image_from_scratch": [NOTHING],
    "right_k_fold": [NOTHING] * 5,
    "right_mixed_precision": [NOTHING],
    "right_patient_split": [NOTHING],
    "right_saved_model_layer": [NOTHING],
    "right_search_on_validation": [NOTHING] * 4,
    "right_segmentation": [NOTHING],
    "right_siamese": [NOTHING],
    "right_supervised_contrastive": [NOTHING] * 2,
    "right_table_with_class_weight": [NOTHING],
    "right_text": [NOTHING],
    "right_text_transformer": [NOTHING],
    "right_tickets": [NOTHING],
    "right_timeseries_lstm": [NOTHING],
    "right_two_heads": [NOTHING],
    "right_variational_autoencoder": [NOTHING],
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A copy of the folder."""
    return shutil.copytree(FOLDER, tmp_path_factory.mktemp("unseen") / "programs")


def write_weights(folder, program):
    """Put files of weights that look pretrained beside a program that loads them."""
    for name, (builder, options) in WEIGHTS.items():
        file = f"{name}.weights.h5"
        if file in program and not (folder / file).exists():
            application(builder, side=64, **options).save_weights(folder / file)


def as_notebook(path):
    """Cut a program at its empty lines, where no block is open, and return the notebook of these cells."""
    pieces, cells = path.read_text().split("\n\n"), []
    for piece in pieces:
        open_block = cells and (piece.startswith((" ", "\n")) or not _is_whole(cells[-1]))
        cells[-1:] = [f"{cells[-1]}\n\n{piece}"] if open_block else [*cells[-1:], piece]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in ("%matplotlib inline", *cells)])
    nbformat.write(book, path.with_suffix(".ipynb"))
    return path.with_suffix(".ipynb")


def _is_whole(code):
    try:
        return bool(compile(code, "cell", "exec"))
    except SyntaxError:
        return False


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SAID])
def test_the_mistakes_and_nothing_else_are_named(programs, name):
    keras.utils.set_random_seed(0)
    path = programs / f"{name}.py"
    write_weights(programs, path.read_text())
    visit = examine_program(path)
    assert not visit.problem
    assert [set(report.ids) for _, report in visit.reports] == SAID[name]


@pytest.mark.parametrize("name", ["bug_partition_snippet", "right_k_fold"])
def test_a_notebook_is_told_the_same_as_the_script(programs, name):
    keras.utils.set_random_seed(0)
    visit = examine_program(as_notebook(programs / f"{name}.py"))
    assert not visit.problem
    assert [set(report.ids) for _, report in visit.reports] == SAID[name]
    assert all(where.startswith("cell ") for where, _ in visit.reports)


def test_every_program_of_the_folder_is_examined():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*SAID, "drawn_data"}
