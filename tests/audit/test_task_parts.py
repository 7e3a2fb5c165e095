"""The parts that the detectors of one task each are made of: decisions in code, boxes, masks, moved images, frames, sounds."""

from __future__ import annotations

import wave

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tlcourse
from tests.audit.kinds.drawn_things import drive, scenes, textures
from tlcourse.audit.data.boxes import corners, form_in, outside, turned_over
from tlcourse.audit.data.decisions import decisions_in
from tlcourse.audit.data.frames import neighbours, numbered_files, numbered_rows, paths_in
from tlcourse.audit.data.masks import blurred_share, thin_classes
from tlcourse.audit.data.moves import _small, _verdict
from tlcourse.audit.data.sounds import match, read_sounds, without_scale
from tlcourse.audit.data.trail import Trail, without_comments
from tlcourse.audit.program.examine import examine_program
from tlcourse.audit.run import audit_in_program

RNG = np.random.default_rng(0)


class TestDecisions:
    @pytest.mark.parametrize(
        "code",
        [
            "y = model.predict(x)\nhit = y > 0.5",
            "p = np.squeeze(model.predict(x), axis=-1)\nlabels = (p >= 0.5).astype(int)",
            "labels = model.predict(x).round()",
            "labels = np.round(model.predict(x)[:, 0])",
            "limit = 0.5\np = model.predict(x).ravel()\nlabels = [1 if v else 0 for v in p > limit]",
            "scores = model.predict(x)\nlabels = [round(float(score[0])) for score in scores]",
            "labels = tf.math.round(tf.nn.sigmoid(model.predict(x)))",
        ],
    )
    def test_a_decision_at_one_half_is_seen(self, code):
        found = decisions_in(code)
        assert found.at_half
        assert not (found.elsewhere)
        assert not (found.costs)

    @pytest.mark.parametrize(
        "code",
        [
            "flip = np.random.rand() > 0.5",
            "p = model.predict(x)\nauc = roc_auc_score(y, p)\nif auc > 0.5: print('better than chance')",
            "p = model.predict(x)\nlabels = p > best_threshold\nwrong = p > 0.5",
            "p = model.predict(x)\nf = max(thresholds, key=lambda t: f1_score(y, p > t))",
            "print(np.round(model.predict(x), 3))",
        ],
    )
    def test_other_comparisons_are_no_decision_at_one_half(self, code):
        assert not decisions_in(code).at_half

    def test_a_named_cost_is_seen_and_code_that_cannot_be_read_proves_nothing(self):
        assert decisions_in("cost_miss = 50\nlabels = model.predict(x) > 0.5").costs
        assert decisions_in("this is no code").costs


class TestBoxes:
    def test_every_form_of_one_box_has_the_same_corners(self):
        box = np.array([[10.0, 20.0, 30.0, 60.0]])
        forms = {"xyxy": box, "xywh": [[10, 20, 20, 40]], "center_xywh": [[20, 40, 20, 40]], "yxyx": [[20, 10, 60, 30]]}
        for form, values in forms.items():
            np.testing.assert_allclose(corners(np.array(values, float), form), box)

    def test_a_box_may_reach_the_edge_and_two_hundredths_beyond(self):
        boxes = np.array([[0, 0, 100, 100], [-1.9, 0, 50, 50], [-2.1, 0, 50, 50], [10, 10, 102.1, 50]])
        assert outside(boxes, np.full((4, 2), 100.0), "xyxy").tolist() == [False, False, True, True]

    def test_a_form_is_read_only_where_one_is_named(self):
        assert form_in("rel_xyxy") == "xyxy"
        assert form_in("boxes_center_xywh") is None or form_in("boxes_center_xywh") == "center_xywh"
        assert form_in("xyxy or xywh") is None
        assert form_in("boxes") is None

    def test_only_corners_in_their_order_are_not_turned_over(self):
        assert turned_over(np.array([[1, 1, 5, 5], [30, 1, 5, 5], [1, 30, 5, 5]])).tolist() == [False, True, True]

    @pytest.mark.parametrize(("form", "declared", "ids"), [("xyxy", "xyxy", set()), ("xyxy", "xywh", {"box-format"})])
    def test_the_form_that_a_layer_states_is_compared_with_the_boxes(self, form, declared, ids):
        images, boxes, _ = scenes(40, seed=3)
        inputs = keras.Input((64, 64, 3))
        x = layers.Conv2D(8, 3, strides=4, activation="relu")(layers.Rescaling(1 / 255)(inputs))
        model = keras.Model(inputs, layers.Dense(4, name="box")(layers.Flatten()(x)))
        model.bounding_box_format = declared
        model.compile("adam", "mse")
        assert set(tlcourse.audit(model, (images, boxes)).ids) == ids


class TestMasks:
    masks = scenes(8, side=48)[2][..., 0].astype("float32")

    def blurred(self, top):
        return np.asarray(keras.ops.image.resize(self.masks[..., None] * top, (36, 36)))[..., 0]

    def test_bilinear_resizing_leaves_values_between_two_classes(self):
        assert 0 < blurred_share(self.blurred(1)) < 0.2
        assert 0 < blurred_share(self.blurred(2)) < 0.2

    def test_whole_numbers_smoothed_labels_and_maps_of_depth_are_not_blurred_masks(self):
        assert blurred_share(self.masks) == 0
        assert blurred_share(0.9 * self.masks + 0.05) == 0
        assert blurred_share(RNG.random((4, 48, 48)).astype("float32")) == 0

    def test_masks_with_scattered_values_are_not_blurred(self):
        spotted = self.masks.copy()
        spotted[RNG.random(spotted.shape) < 0.02] = 0.4
        assert blurred_share(spotted) == 0

    def test_a_class_of_thin_lines_is_named(self):
        assert thin_classes(np.rint(self.blurred(2))) == [1]
        wide = self.masks * 2
        wide[:, 20:26, 20:26] = 1
        assert thin_classes(wide) == []


class TestMoves:
    images = scenes(12, side=48, seed=5)[0].astype("float32")

    def verdicts(self, change):
        return [_verdict(_small(image), _small(change(image))) for image in self.images]

    @pytest.mark.parametrize(
        "change",
        [
            lambda image: image,
            lambda image: 0.6 * image + 40,
            lambda image: 255 - image,
            lambda image: image[..., ::-1],
            lambda image: image + np.random.default_rng(0).normal(0, 8, image.shape),
            lambda image: 255 * (image / 255) ** 1.6,
        ],
        ids=["nothing", "contrast", "negative", "channels", "noise", "gamma"],
    )
    def test_an_image_whose_colours_change_has_not_moved(self, change):
        assert set(self.verdicts(change)) <= {"same", "unclear"}
        assert self.verdicts(change).count("same") >= 10

    @pytest.mark.parametrize(
        "change",
        [
            lambda image: image[:, ::-1],
            lambda image: image[::-1],
            lambda image: np.rot90(image),
            lambda image: np.roll(image, 9, axis=1),
            lambda image: np.asarray(keras.layers.RandomRotation((0.05, 0.05), seed=1)(image[None], training=True))[0],
            lambda image: np.asarray(keras.layers.RandomZoom((-0.2, -0.2), seed=1)(image[None], training=True))[0],
        ],
        ids=["mirrored", "upside down", "turned", "shifted", "rotated", "enlarged"],
    )
    def test_a_moved_image_is_recognised(self, change):
        assert self.verdicts(change).count("moved") >= 6


class TestFrames:
    def measured(self, frames, split):
        images = numbered_rows(frames, None)
        return neighbours(images, *split)

    def test_neighbours_of_a_video_look_alike_and_those_of_textures_do_not(self):
        order = RNG.permutation(160)
        split = (order[:128], order[128:])
        assert self.measured(drive(160), split).ratio < 0.6
        assert 0.8 < self.measured(textures(160, classes=1)[0], split).ratio < 1.25

    def test_a_video_that_is_cut_once_has_no_neighbours(self):
        assert self.measured(drive(160), (np.arange(120), np.arange(120, 160))) is None

    def test_a_video_that_is_cut_into_a_few_long_parts_is_not_reported(self):
        frames = drive(720)
        late = np.arange(720) // 30 % 2 == 1
        model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1)])
        model.compile("adam", "mse")
        goal = np.linspace(0, 1, 720)

        def ids(val):
            parts = ((frames[part], goal[part]) for part in (~val, val))
            return audit_in_program(model, *parts, None, Trail(namespace={"frames": frames})).ids

        assert "neighbouring-frames" not in ids(late)
        assert "neighbouring-frames" in ids(np.random.default_rng(0).permutation(late))

    def test_files_are_known_unless_a_stage_cuts_them(self):
        names = tf.data.Dataset.from_tensor_slices([f"{i}.png" for i in range(9)])
        assert len(paths_in(names.shuffle(9).map(lambda name: name).batch(3), (".png",))) == 9
        assert paths_in(names.take(3).batch(3), (".png",)) == []
        assert paths_in(names, (".wav",)) == []

    def test_frames_are_numbered_within_their_own_video(self, tmp_path):
        found = numbered_files([tmp_path / name for name in ("a_007.png", "a_008.png", "b_007.png")])
        assert found.numbers.tolist() == [7, 8, 7]
        assert found.series[0] == found.series[1] != found.series[2]
        assert numbered_files([tmp_path / "cat.png"]) is None


class TestSounds:
    def files(self, folder, channels=2, count=4):
        paths = []
        for number in range(count):
            values = (8000 * np.random.default_rng(number).normal(0, 0.5, (3000, channels))).astype("<i2")
            paths.append(str(folder / f"{number}.wav"))
            with wave.open(paths[-1], "wb") as file:
                file.setnchannels(channels)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(values.tobytes())
        return read_sounds(paths)

    def test_a_clip_is_found_in_its_file_with_its_gain(self, tmp_path):
        sounds = self.files(tmp_path)
        for change, gain in (
            (lambda m: m, 1.0),
            (lambda m: m / 2, 0.5),
            (lambda m: 0.5 * m[300:2400], 0.5),
            (lambda m: 32768 * m, 1.0),
        ):
            clips = np.stack([change(sound.mono) for sound in sounds]).astype("float32")
            found = [match(sound, clips) for sound in sounds]
            assert not any(one.paired for one in found)
            np.testing.assert_allclose(without_scale([one.gain for one in found]), gain, rtol=1e-3)

    def test_a_mean_of_every_two_samples_is_named_so(self, tmp_path):
        sounds = self.files(tmp_path)
        clips = np.stack([sound.mono.reshape(-1, 2).mean(axis=1) for sound in sounds])
        assert all(match(sound, clips).paired for sound in sounds)

    def test_other_sounds_are_not_found(self, tmp_path):
        sounds = self.files(tmp_path)
        assert match(sounds[0], np.random.default_rng(9).normal(size=(5, 3000))) is None

    def test_files_that_are_no_sound_are_left_out(self, tmp_path):
        (tmp_path / "broken.wav").write_bytes(b"RIFF????")
        assert read_sounds([str(tmp_path / "broken.wav"), str(tmp_path / "missing.wav")]) == []


class TestTrail:
    def test_comments_and_docstrings_are_not_code(self):
        code = without_comments('"""On masks."""\ndef f():\n    """A box."""\nx = 1  # no mask\n')
        assert not Trail(code).says("mask|box")
        assert without_comments("not python at all") == "not python at all"

    def test_a_variable_is_found_by_its_value_and_by_its_owner(self):
        inner = keras.Sequential([layers.Dense(2)])
        owner = keras.Sequential([layers.Dense(2)])
        owner.encoder = inner
        assert Trail(namespace={"probe": inner}).name_of(inner) == "probe"
        assert Trail(namespace={"simclr": owner}).name_of(inner) == "simclr.encoder"


def test_keras_and_soundfile_are_as_before_when_a_program_has_failed(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    before = keras.Layer.__call__, keras.Model.predict, soundfile.SoundFile.__init__, tf.io.read_file
    path = tmp_path / "program.py"
    path.write_text("import keras\nraise ValueError('stop')\n")
    assert examine_program(path).problem
    assert (keras.Layer.__call__, keras.Model.predict, soundfile.SoundFile.__init__, tf.io.read_file) == before
    assert "predict" not in keras.Model.__dict__


def test_outside_a_program_it_is_said_what_only_a_program_shows():
    rng = np.random.default_rng(0)
    y = (np.arange(400) < 4).astype(int)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.Precision()])
    report = tlcourse.audit(model, (rng.normal(size=(400, 8)).astype("float32"), rng.permutation(y)))
    assert {row.id for row in report.not_checked} >= {"threshold-half"}


@pytest.mark.parametrize("moved", [False, True])
def test_a_pydataset_is_read_again(moved):
    images, _, masks = scenes(32, side=48, seed=2)
    rng = np.random.default_rng(0)

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            rows = slice(8 * index, 8 * index + 8)
            x = np.stack([image[:, ::-1] if moved and rng.random() < 0.5 else image for image in images[rows]])
            return x.astype("float32") / 255, masks[rows]

    model = keras.Sequential(
        [keras.Input((48, 48, 3)), layers.Conv2D(8, 3, padding="same", activation="relu"), layers.Conv2D(2, 1)]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert ("mask-not-moved" in tlcourse.audit(model, Batches()).ids) == moved
