"""Mistakes of contrastive training, few-shot, rare positives, detection, segmentation, video and sound: named, and nothing else is."""

import shutil
from pathlib import Path

import keras
import pytest

from tlcourse.audit.detectors.registry import TASK_DETECTORS
from tlcourse.audit.program.examine import examine_program

FOLDER = Path(__file__).parent / "kinds"
NOTHING: set[str] = set()
# Program with the mistake -> what has to be said at its calls of fit(), the same program without it, and the line of the
# fix that the second has and the first has not.
PAIRS = {
    "bug_simclr_augments_once": (
        [{"identical-views"}],
        "right_simclr_augments_twice",
        "self.encoder(self.augment(images)), self.encoder(self.augment(images))",
    ),
    "bug_pairs_of_one_draw": ([{"identical-views"}], "right_pairs_of_two_draws", ".map(lambda x: (augment(x), augment(x)))"),
    "bug_probe_on_predict": (
        [NOTHING, {"projector-as-features"}],
        "right_probe_on_encoder",
        "features = simclr.encoder.predict(x)",
    ),
    "bug_classifier_on_embedder": ([NOTHING, {"projector-as-features"}], "right_classifier_on_encoder", "encoder(inputs)"),
    "bug_episodes_of_all_classes": (
        [{"test-classes-in-training"}],
        "right_episodes_of_new_classes",
        "train_classes, test_classes = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) :]",
    ),
    "bug_validation_episodes_overlap": (
        [{"test-classes-in-training"}],
        "right_validation_episodes_apart",
        "train_classes, test_classes = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) :]",
    ),
    "bug_fraud_at_half": (
        [{"threshold-half"}],
        "right_fraud_by_cost",
        "threshold = cost_false_alarm / (cost_false_alarm + cost_miss)",
    ),
    "bug_screening_metrics": (
        [{"threshold-half"}],
        "right_screening_threshold",
        "keras.metrics.Precision(thresholds=threshold), keras.metrics.Recall(thresholds=threshold)",
    ),
    "bug_boxes_not_resized": (
        [{"boxes-outside"}],
        "right_boxes_resized",
        "boxes = boxes * np.tile([new_width / width, new_height / height], 2)",
    ),
    "bug_boxes_divided_by_another_size": (
        [{"boxes-outside"}],
        "right_boxes_divided_by_the_size",
        "boxes = corners / np.tile([width, height], 2)",
    ),
    "bug_coco_boxes_into_overlap": (
        [{"box-format"}],
        "right_coco_boxes_converted",
        "boxes = np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)",
    ),
    "bug_pipeline_states_corners": (
        [{"box-format"}],
        "right_pipeline_has_corners",
        "boxes = np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)",
    ),
    "bug_masks_resized_like_images": (
        [{"mask-values"}],
        "right_masks_by_nearest",
        'mask = tf.image.resize(mask, size, method="nearest")',
    ),
    "bug_dice_on_255": ([{"mask-values"}], "right_dice_on_one", 'mask = (mask > 0).astype("float32")'),
    "bug_flip_of_the_image": (
        [{"mask-not-moved"}],
        "right_flip_of_both",
        'both = augment({"images": image, "segmentation_masks": mask}, training=True)',
    ),
    "bug_rotation_inside_the_model": (
        [{"mask-not-moved"}],
        "right_augmented_data",
        'both = augment({"images": image, "segmentation_masks": mask}, training=True)',
    ),
    "bug_frames_split_at_random": (
        [{"neighbouring-frames"}],
        "right_frames_split_by_video",
        "train_at, val_at = next(GroupShuffleSplit(test_size=0.2, random_state=0).split(files, groups=video_of_each_file))",
    ),
    "bug_video_array_shuffled": (
        [{"neighbouring-frames"}],
        "right_video_array_cut",
        "frames[: int(0.75 * n)], frames[int(0.8 * n) :]",
    ),
    "bug_mean_then_half": ([{"channels-averaged-twice"}], "right_mean_of_channels", "sound = sound.mean(axis=1)"),
    "bug_mean_of_the_wrong_axis": (
        [{"channels-averaged-twice"}],
        "right_mean_of_the_channel_axis",
        "sound, rate = soundfile.read(path, always_2d=True)",
    ),
}
# Written and examined once after the first set had been mended: (what has to be said, the same program without the mistake).
LATER = {
    "bug_numpy_pairs": ([{"identical-views"}], "right_numpy_pairs"),
    "bug_probe_on_proj": ([NOTHING, {"projector-as-features"}], "right_probe_on_backbone"),
    "bug_alphabet_not_held_out": ([{"test-classes-in-training"}], "right_alphabet_held_out"),
    "bug_defects_rounded": ([{"threshold-half"}], "right_defects_ranked"),
    "bug_crop_without_boxes": ([{"boxes-outside"}], "right_crop_with_boxes"),
    "bug_metric_for_corners": ([{"box-format"}], "right_metric_for_corners"),
    "bug_pillow_bilinear_masks": ([{"mask-values"}], "right_pillow_nearest_masks"),
    "bug_crop_of_the_image_only": ([{"mask-not-moved"}], "right_crop_of_both"),
    "bug_paths_shuffled": ([{"neighbouring-frames"}], "right_paths_by_video"),
    "bug_pairs_of_samples_averaged": ([{"channels-averaged-twice"}], "right_reduce_mean_once"),
}
# Correct programs that resemble those with a mistake.
CORRECT = [
    "right_cats_split_at_random",
    "right_centre_boxes",
    "right_colours_change_masks_stay",
    "right_denoising_digits",
    "right_depth_maps",
    "right_four_targets",
    "right_peak_normalised",
    "right_quiet_recordings",
    "right_screening_curve",
    "right_simcse",
    "right_trimap",
    "right_turned_arrays",
    "right_two_branches_one_input",
    "right_two_loudness_values",
    "right_videos_apart",
    "right_weighted_frauds",
]
# Correct programs that another one of the list, or a pair, nearly repeats.
LIKE_ANOTHER = {
    "right_depth_maps",
    "right_peak_normalised",
    "right_quiet_recordings",
    "right_screening_curve",
    "right_turned_arrays",
    "right_weighted_frauds",
}
# Always run: the first pair of each kind, and later ones that were missed. The others take as long, and say the same.
QUICK = [name for at, name in enumerate(PAIRS) if at % 2 == 0]
QUICK += [
    "bug_probe_on_proj",
    "bug_alphabet_not_held_out",
    "bug_defects_rounded",
    "bug_paths_shuffled",
]  # missed at first sight


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A copy of the folder."""
    return shutil.copytree(FOLDER, tmp_path_factory.mktemp("kinds") / "programs")


def examined(programs, name):
    if "import soundfile" in (programs / f"{name}.py").read_text():
        pytest.importorskip("soundfile", reason="the extra `audio` is not installed")
    keras.utils.set_random_seed(0)
    visit = examine_program(programs / f"{name}.py")
    assert not visit.problem
    return visit.reports


def marked(names):
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", marked(PAIRS))
def test_the_mistake_and_nothing_else_is_named(programs, name):
    reports = examined(programs, name)
    expected = PAIRS[name][0]
    assert [set(report.ids) for _, report in reports] == expected
    finding = reports[-1][1][next(iter(expected[-1]))]
    assert finding.evidence["sentence"]
    assert any(isinstance(value, (int, float)) for value in finding.evidence.values()), "a finding shows what was measured"
    assert finding.why
    line = PAIRS[name][2]
    assert line in finding.fix
    assert line in (programs / f"{PAIRS[name][1]}.py").read_text()
    assert line not in (programs / f"{name}.py").read_text()


@pytest.mark.parametrize("name", marked(PAIRS))
def test_the_same_program_without_the_mistake_is_clean(programs, name):
    reports = examined(programs, PAIRS[name][1])
    assert [set(report.ids) for _, report in reports] == [NOTHING] * len(reports)


@pytest.mark.parametrize("name", marked(LATER))
def test_a_later_program_is_told_apart_from_the_same_without_its_mistake(programs, name):
    expected, right = LATER[name]
    assert [set(report.ids) for _, report in examined(programs, name)] == expected
    assert not [report.ids for _, report in examined(programs, right) if report.ids]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LIKE_ANOTHER else ()) for name in CORRECT]
)
def test_a_correct_program_that_resembles_one_with_a_mistake_is_silent(programs, name):
    reports = examined(programs, name)
    assert [set(report.ids) for _, report in reports] == [NOTHING] * len(reports)


def test_every_kind_has_two_programs_with_the_mistake_and_every_program_is_examined():
    ids = [name for detector in TASK_DETECTORS for name in detector.ids]
    found = [finding for said, _, _ in PAIRS.values() for finding in said[-1]]
    assert sorted(found) == sorted(ids * 2)
    assert {path.stem for path in FOLDER.glob("*.py")} == {
        *PAIRS,
        *(right for _, right, _ in PAIRS.values()),
        *CORRECT,
        *LATER,
        *(right for _, right in LATER.values()),
        "drawn_things",
    }
