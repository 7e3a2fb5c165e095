"""Programs after well-known tutorials, written without a look at the detectors: their mistakes are named, correct ones are silent."""

import shutil
from pathlib import Path

import keras
import pytest
from small_world import application

from tlcourse.audit.program import examine_program

FOLDER = Path(__file__).parent / "unseen"
LOADS_WEIGHTS = {
    "bug_fine_tune_rate",
    "bug_batchnorm_in_flat_model",
    "bug_generator_rescale",
    "right_siamese",
    "right_efficientnet",
}
# Programs that the doctor was wrong about at first always run; of the others those that are quick.
SLOW = LOADS_WEIGHTS | {"bug_cached_augmentation", "bug_two_seeds", "right_forecast", "right_image_from_scratch", "right_text"}
# Program -> what has to be said at its calls of fit(), one after the other.
SAID = {
    "bug_batchnorm_in_flat_model": [{"batchnorm-moves"}],
    "bug_cached_augmentation": [{"frozen-augmentation"}],
    "bug_early_stopping": [{"validation-is-test"}],
    "bug_fine_tune_rate": [set(), {"learning-rate", "batchnorm-moves"}],  # fit() overrides training=False of unfrozen layers
    "bug_generator_rescale": [{"preprocessing"}],
    "bug_one_unit_softmax": [{"loss-and-output"}],
    "bug_oversampled_first": [{"duplicates"}],
    "bug_sorted_validation_split": [{"missing-classes"}],
    "bug_text_logits": [{"loss-and-output"}],
    "bug_two_seeds": [{"duplicates"}],
    "right_autoencoder": [set(), set()],
    "right_digits_convnet": [set()],
    "right_efficientnet": [set(), set(), set()],
    "right_forecast": [set()],
    "right_house_prices": [set()],
    "right_image_from_scratch": [set()],
    "right_segmentation": [set()],
    "right_siamese": [set()],
    "right_table_with_class_weight": [set()],
    "right_text": [set()],
    "right_two_heads": [set()],
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A copy of the folder."""
    return shutil.copytree(FOLDER, tmp_path_factory.mktemp("unseen") / "programs")


def write_weights(folder, name):
    """Put a file of weights that look pretrained beside a program that loads it."""
    if name == "right_efficientnet":
        application("EfficientNetB0", side=64).save_weights(folder / "efficientnet.weights.h5")
    else:
        application("MobileNetV2", side=64, alpha=0.35).save_weights(folder / "mobilenet.weights.h5")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in SAID])
def test_the_mistakes_and_nothing_else_are_named(programs, name):
    keras.utils.set_random_seed(0)
    if name in LOADS_WEIGHTS:
        write_weights(programs, name)
    visit = examine_program(programs / f"{name}.py")
    assert not visit.problem
    assert [set(report.ids) for _, report in visit.reports] == SAID[name]


def test_every_program_of_the_folder_is_examined():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*SAID, "drawn_data"}
