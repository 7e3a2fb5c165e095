"""The reason beside a finding is true for this model and these data: it says only what was measured."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tlcourse
from tests.audit.small_world import application, custom_backbone, drawn_images

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def flat_model(loss=SPARSE, units=3, metrics=("accuracy",), more=()):
    model = keras.Sequential([keras.Input((6,)), *more, layers.Dense(units)])
    model.compile("adam", loss, metrics=list(metrics))
    return model


def table(count, seed=0, classes=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 6)).astype("float32"), np.arange(count) % classes


class TestChangingSplit:
    def report(self, *, from_training):
        x, y = table(300)
        stream = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(300)
        train = stream.skip(100).batch(16) if from_training else table(200, seed=9)
        return tlcourse.audit(flat_model(), train, stream.take(50).batch(16), stream.skip(50).take(50).batch(16))

    def test_training_examples_are_named_only_if_the_training_set_is_one_of_the_two(self):
        reasons = {finding.title: finding.why for finding in self.report(from_training=True).findings}
        between = {title: why for title, why in reasons.items() if title.startswith("Examples move between")}
        assert len(between) == 3
        for title, why in between.items():
            assert ("training examples" in why) == ("the train" in title)

    def test_another_training_set_is_not_mentioned(self):
        finding = self.report(from_training=False)["changing-split"]
        assert "validation and the test" in finding.title
        assert "train" not in finding.why


class TestBatchNorm:
    def why(self, frozen, asked=True):
        base = application("MobileNetV2", side=32, until="block_3_expand_relu", alpha=0.35)
        for layer in base.layers:
            layer.trainable = layer.name not in frozen
        inputs = keras.Input((32, 32, 3))
        x = base(inputs, training=False) if asked else base(inputs)
        model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
        model.compile(keras.optimizers.Adam(1e-5), SPARSE)
        x, y = drawn_images(32)
        return tlcourse.audit(model, (x.astype("float32") / 127.5 - 1, y))["batchnorm-moves"].why

    def test_frozen_layers_are_named_only_if_some_follow(self):
        assert "frozen layers" not in self.why(frozen=())
        assert "frozen layers" not in self.why(frozen=("Conv1",))
        assert "frozen layers" in self.why(frozen=("block_3_expand",))

    def test_training_false_is_named_only_if_the_program_asked_for_it(self):
        assert "training=False" in self.why(frozen=("block_3_expand",))
        assert "training=False" not in self.why(frozen=("block_3_expand",), asked=False)


class TestMasks:
    def audit(self, loss, units, activation, values, dtype):
        x = drawn_images(24, side=16)[0].astype("float32") / 255
        y = np.where(x.mean(axis=-1, keepdims=True) > 0.5, values[1], values[0]).astype(dtype)
        model = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(units, 1, activation=activation)])
        model.compile("adam", loss)
        return tlcourse.audit(model, (x, y))

    def test_masks_of_0_and_255_are_named_as_what_they_are(self):
        finding = self.audit("binary_crossentropy", 1, "sigmoid", (0, 255), "float32")["loss-and-output"]
        assert "between 0 and 255" in finding.evidence["sentence"]
        assert "/ 255" in finding.fix
        finding = self.audit(SPARSE, 2, None, (0, 255), "int32")["loss-and-output"]
        assert "255" in finding.evidence["sentence"]
        assert "y == 255" in finding.fix

    @pytest.mark.parametrize(
        ("loss", "units", "activation", "values"),
        [
            ("binary_crossentropy", 1, "sigmoid", (0, 1)),
            (SPARSE, 2, None, (0, 1)),
            (keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255), 2, None, (1, 255)),
        ],
    )
    def test_masks_that_fit_the_loss_are_no_finding(self, loss, units, activation, values):
        report = self.audit(loss, units, activation, values, "int32")
        assert "loss-and-output" in report.passed


class TestInitialLoss:
    def test_the_share_of_wrong_answers_is_measured(self):
        x, y = table(90)
        model = flat_model()
        model.layers[-1].kernel.assign(400 * np.random.default_rng(0).normal(size=(6, 3)))
        wrong = float((model.predict(x, verbose=0).argmax(axis=1) != y).mean())
        sentence = tlcourse.audit(model, (x, y))["initial-loss"].evidence["sentence"]
        said = int(sentence.split("% of its")[0].rsplit(" ", 1)[1])
        assert abs(said / 100 - wrong) < 0.15, "of a sample of 64 of the 90 examples"


class TestImbalance:
    def finding(self, metrics, names=None):
        x, _ = table(200)
        return tlcourse.audit(flat_model(metrics=metrics), (x, (np.arange(200) % 20 == 0) * 1), class_names=names)["imbalance"]

    def test_classes_have_one_name(self):
        assert self.finding(("accuracy",)).title == "Class 0 is 19 times as frequent as class 1"
        assert self.finding(("accuracy",), ["cat", "dog", "cow"]).title == "Class 'cat' is 19 times as frequent as class 'dog'"

    def test_accuracy_is_called_the_only_metric_only_if_it_is_one(self):
        assert "Accuracy is the only metric" in self.finding(("accuracy",)).evidence["sentence"]
        assert "ccuracy is" not in self.finding(()).evidence["sentence"]


def test_batchnorm_is_named_beside_sorted_batches_only_if_the_model_has_some():
    x, _ = table(256)
    sorted_set = tf.data.Dataset.from_tensor_slices((x, np.repeat(np.arange(2), 128))).batch(16)
    plain, normed = (
        tlcourse.audit(flat_model(more=more), sorted_set)["not-shuffled"].why for more in ((), (layers.BatchNormalization(),))
    )
    assert "BatchNorm" not in plain
    assert "BatchNorm" in normed


def test_copies_between_validation_and_test_are_not_called_trained_on():
    train, held = drawn_images(60)[0], drawn_images(60, seed=1)
    other = drawn_images(60, seed=2)
    test = np.concatenate([other[0][:50], held[0][:10]]), np.concatenate([other[1][:50], held[1][:10]])
    base = custom_backbone()
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    model.compile("adam", SPARSE)
    why = tlcourse.audit(model, (train, drawn_images(60)[1]), held, test)["duplicates"].why
    assert "trains on" not in why
    assert "chosen" in why


def test_overfitting_does_not_say_that_the_best_weights_are_lost_where_they_may_have_been_restored():
    history = {"loss": [1.0, 0.6, 0.4, 0.3, 0.2, 0.1], "val_loss": [1.0, 0.7, 0.6, 0.8, 1.0, 1.2]}
    why = tlcourse.audit(flat_model(), table(60), history=history)["overfitting"].why
    assert "Unless a callback restored the weights of epoch 3" in why


def test_random_weights_say_what_shows_that_pretrained_ones_were_meant():
    base = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, include_top=False, weights=None)
    x, y = drawn_images(32)
    data = x.astype("float32") / 127.5 - 1, y
    head = keras.Sequential([keras.Input((32, 32, 3)), base, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    head.compile(keras.optimizers.Adam(1e-5), SPARSE)
    assert "learning rate of 1e-05" in tlcourse.audit(head, data)["random-weights"].why
    base.trainable = False
    head.compile(keras.optimizers.Adam(1e-3), SPARSE)
    assert "are frozen at these values" in tlcourse.audit(head, data)["random-weights"].why


def test_an_error_that_prints_whole_arrays_becomes_one_short_line():
    class Loud(layers.Layer):
        def call(self, inputs):
            if tf.executing_eagerly():
                raise ValueError("values:\n" + "255 0 " * 10_000)
            return inputs

    model = keras.Sequential([keras.Input((6,)), layers.Dense(3), Loud()])
    model.compile("adam", SPARSE)
    report = tlcourse.audit(model, table(60))
    assert any("values: 255" in row.reason for row in report.not_checked)
    assert all(len(row.reason) < 400 and "\n" not in row.reason for row in report.not_checked)
