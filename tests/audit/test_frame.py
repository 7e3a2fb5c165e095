"""The frame of the audit: it changes nothing, reads any data at most twice, and says what it could not see."""

from __future__ import annotations

import json
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

import tlcourse
from tests.audit.small_world import custom_backbone, drawn_images
from tlcourse.audit import Finding, NotChecked, Report
from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.collect import BASIC, Collected, read_splits
from tlcourse.audit.data.sources import ENDLESS_LIMIT, make_split
from tlcourse.audit.detector import Detector
from tlcourse.audit.run import examine

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def classifier():
    base = custom_backbone()
    inputs = keras.Input((32, 32, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    outputs = layers.Dense(3)(layers.Dropout(0.5)(base(x, training=False)))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(1e-4), SPARSE, metrics=["accuracy"])
    return model


def data(count=48):
    x, y = drawn_images(count)
    return x.astype("float32") / 127.5 - 1, y


class Counting(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.x, self.y = data()
        self.read = []

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.read.append(index)
        rows = slice(index * 16, index * 16 + 16)
        return self.x[rows], self.y[rows]


class TestNothingChanges:
    def everything(self, model):
        variables = [*model.variables, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
        values = [variable.numpy().tobytes() for variable in variables]
        flags = [layer.trainable for layer in model._flatten_layers()]
        generator = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
        seeds = (
            random.getstate(),
            str(np.random.get_state()),
            None if generator is None else generator.state.numpy().tobytes(),
        )
        return values, flags, seeds, model.train_function, model.optimizer, model.stop_training

    def test_weights_statistics_optimizer_seeds_and_compiled_state_are_bit_identical(self):
        keras.utils.set_random_seed(7)
        model = classifier()
        model.fit(*data(), epochs=1, verbose=0)
        before = self.everything(model)
        report = tlcourse.audit(model, data())
        assert "batchnorm-moves" in report.ids, "the audit ran a batch in training mode"
        assert self.everything(model) == before

    def test_training_goes_on_as_if_there_had_been_no_audit(self):
        class Augmenting(Counting):
            """Draws from every global generator, as home-made augmentation does."""

            def __getitem__(self, index):
                x, y = super().__getitem__(index)
                return x + random.random() * np.random.normal(size=x.shape) * tf.random.normal(()).numpy(), y

        losses = []
        for audited in (False, True):
            keras.utils.set_random_seed(3)
            model = classifier()
            if audited:
                tlcourse.audit(model, Augmenting())
            losses.append(model.fit(*data(), epochs=2, verbose=0).history["loss"])
            fresh = layers.Dense(2)
            fresh.build((None, 4))
            losses[-1] += [tf.random.uniform(()).numpy(), random.random(), np.random.random(), float(fresh.kernel[0, 0])]
        assert losses[0] == losses[1]

    def test_also_where_a_detector_fails_or_is_interrupted(self):
        model = classifier()
        before = [w.numpy().copy() for w in model.weights]

        def stop(context):
            context.forward(data()[0], training=True)
            raise KeyboardInterrupt

        from tlcourse.audit import run

        original = run.MODEL_DETECTORS
        run.MODEL_DETECTORS = (Detector(("x",), stop),)
        try:
            with pytest.raises(KeyboardInterrupt):
                tlcourse.audit(model, data())
        finally:
            run.MODEL_DETECTORS = original
        assert all((old == w.numpy()).all() for old, w in zip(before, model.weights, strict=True))

    def test_no_layer_keeps_a_recorder(self):
        model = classifier()
        tlcourse.audit(model, data())
        assert not [layer for layer in model._flatten_layers() if "call" in vars(layer)]

    def test_a_model_without_weights_is_built_for_any_batch_size(self):
        model = keras.Sequential([layers.Flatten(), layers.Dense(3)])
        model.compile("adam", SPARSE)
        report = tlcourse.audit(model, data())
        assert "loss-and-output" in report.passed
        assert model.input_shape[0] is None
        model.fit(*data(24), epochs=1, batch_size=7, verbose=0)


class TestData:
    def read(self, split):
        batches = list(split.iter_batches())
        return np.concatenate([b.inputs for b in batches]), np.concatenate([b.labels for b in batches]), batches

    @pytest.mark.parametrize("batched", [0, 16], ids=["single examples", "batches"])
    @pytest.mark.parametrize("with_model", [True, False])
    def test_tf_data_reads_like_arrays(self, batched, with_model):
        x, y = data()
        dataset = tf.data.Dataset.from_tensor_slices((x, y))
        dataset = dataset.batch(batched) if batched else dataset
        split = make_split("train", dataset, classifier() if with_model else None)
        inputs, labels, batches = self.read(split)
        assert (inputs == x).all()
        assert (labels == y).all()
        assert [batch.start for batch in batches] == list(np.cumsum([0, *(b.size for b in batches[:-1])]))

    def test_columns_of_a_table_single_and_batched(self):
        table = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
        dataset = tf.data.Dataset.from_tensor_slices((table, np.arange(30)))
        model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
        for each in (dataset, dataset.batch(8)):
            inputs, _, _ = self.read(make_split("train", each, model))
            assert (inputs == table).all()

    def test_a_folder_is_read_by_class_and_tells_what_it_could_not_read(self, tmp_path):
        x, y = drawn_images(12)
        for index, (image, label) in enumerate(zip(x, y, strict=True)):
            folder = tmp_path / f"class{label}"
            folder.mkdir(exist_ok=True)
            Image.fromarray(image).resize((50, 40)).save(folder / f"{index}.png")
        (tmp_path / "class1" / "broken.jpg").write_bytes(b"no image")
        split = make_split("train", str(tmp_path), classifier())
        inputs, labels, _ = self.read(split)
        assert inputs.shape == (12, 32, 32, 3)
        assert sorted(labels) == sorted(y)
        assert [path.name for path, _ in split.unreadable] == ["broken.jpg"]
        assert split.class_names == ("class0", "class1", "class2")

    def test_a_pydataset_is_read_at_most_twice(self):
        dataset = Counting()
        tlcourse.audit(classifier(), dataset)
        assert set(dataset.read) == {0, 1, 2}
        assert max(dataset.read.count(index) for index in range(3)) <= 2

    def test_an_endless_pipeline_ends(self):
        endless = tf.data.Dataset.from_tensor_slices(data()).repeat().batch(2000)
        assert sum(batch.size for batch in make_split("train", endless).iter_batches()) == ENDLESS_LIMIT

    def test_a_generator_is_left_alone_and_named(self):
        generator = (pair for pair in [data()])
        report = tlcourse.audit(classifier(), generator)
        assert "read only once" in {row.id: row.reason for row in report.not_checked}["loss-and-output"]
        next(generator)

    def test_data_that_breaks_is_named_and_the_model_is_still_examined(self):
        class Broken(Counting):
            def __getitem__(self, index):
                raise OSError("disk is gone")

        model = classifier()
        model.trainable = False
        report = tlcourse.audit(model, Broken())
        assert "nothing-unfrozen" in report.ids
        assert any("disk is gone" in row.reason for row in report.not_checked)

    @pytest.mark.parametrize(("side", "expected"), [(32, 64), (256, 16), (512, 16)])
    def test_large_images_are_run_in_smaller_samples(self, side, expected):
        x = np.zeros((64, side, side, 3), dtype="uint8")
        model = keras.Sequential([keras.Input((None, None, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
        split = make_split("train", (x, np.arange(64) % 2), model)
        context = Context(model, {"train": split}, read_splits({"train": split}, BASIC, model))
        batch = context.sample_to_run()
        assert batch.size == len(batch.inputs) == len(batch.labels) == expected

    def test_labels_know_their_encoding(self):
        x, y = data()
        encodings = {
            "integer": y,
            "one-hot": np.eye(3)[y],
            "multi-hot": np.ones((48, 3)),
            "continuous": y + 0.5,
            "dense": np.zeros((48, 4, 4)),
        }
        for name, labels in encodings.items():
            report_model = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(3)])
            seen = {}
            detector = Detector(("x",), lambda context, seen=seen: seen.update(found=context.labels().encoding) or ())
            split = make_split("train", (x, labels), report_model)
            examine(Context(report_model, {"train": split}, read_splits({"train": split}, BASIC, report_model)), [detector])
            assert seen["found"] == name


class TestDetectors:
    def run(self, check, ids=("a",)):
        return examine(Context(classifier(), {}, Collected()), [Detector(ids, check)])

    def test_one_that_raises_is_not_checked_with_the_reason(self):
        report = self.run(lambda context: 1 / 0)
        assert report.not_checked == (NotChecked("a", "The detector failed: ZeroDivisionError: division by zero"),)
        assert not report.passed

    def test_one_that_cannot_see_says_why_for_all_its_ids(self):
        def check(context):
            raise CannotCheckError("it is dark")

        assert {row.id: row.reason for row in self.run(check, ("a", "b")).not_checked} == {"a": "it is dark", "b": "it is dark"}

    def test_one_that_finds_nothing_has_passed(self):
        assert self.run(lambda context: ()).passed == ("a",)

    def test_a_wrong_model_is_refused_by_name(self):
        with pytest.raises(TypeError, match="model=str"):
            tlcourse.audit("model", data())

    def test_a_backbone_that_is_not_in_the_model_is_not_checked(self):
        report = tlcourse.audit(classifier(), data(), backbone=custom_backbone())
        assert "are not in the model" in {row.id: row.reason for row in report.not_checked}["batchnorm-moves"]


class TestReport:
    def report(self):
        finding = Finding(
            "a-b", "serious", "It <b>burns</b>", {"sentence": "9 > 8", "heat": np.float32(9)}, "why", "do:\nx = 1 < 2"
        )
        note = Finding("c", "note", "small", {"sentence": "s", "rows": np.arange(20)}, "w", "f")
        return Report("model <1>", (finding, note), (NotChecked("d", "<no data>"),), ("e",), {"n": np.int64(3)})

    def test_it_shows_every_part_in_text(self):
        text = str(self.report())
        for part in ("model <1>", "SERIOUS [a-b]", "9 > 8", "heat=9", "x = 1 < 2", "d: <no data>", "e"):
            assert part in text

    def test_html_escapes_what_comes_from_outside(self):
        html = self.report()._repr_html_()
        assert "<b>" not in html
        assert "<no data>" not in html
        assert "<pre>x = 1 &lt; 2</pre>" in html

    def test_the_dict_is_json_and_the_exit_status_counts_serious_findings(self):
        report = self.report()
        assert json.loads(json.dumps(report.to_dict()))["findings"][0]["evidence"]["heat"] == 9.0
        assert report.exit_status == 1
        assert Report("m", report.findings[1:]).exit_status == 0

    def test_the_room_can_be_called_and_imported_from(self):
        assert callable(tlcourse.audit)
        assert tlcourse.audit.Report is Report


@pytest.mark.parametrize("says", ["a number", "nothing", "None"])
def test_a_py_dataset_is_endless_only_if_it_says_so(says):
    from tlcourse.audit.data.sources import _py_dataset

    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.zeros((3, 4)), np.zeros(3)

        @property
        def num_batches(self):
            if says == "nothing":
                raise NotImplementedError
            return 2 if says == "a number" else None

    assert _py_dataset("train", Rows()).endless is (says == "None")
