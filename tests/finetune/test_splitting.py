"""Trunk and rest are the model; training the rest on stored maps gives the weights of the plain way."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import tlcourse
from tests.features.batches import count_batches
from tests.finetune.toy_networks import make_backbone, make_flat, make_nested, make_sequential
from tlcourse.finetune import FixedMode, fit_two_phase, freeze, split_model, unfreeze
from tlcourse.finetune.reusing import StoredViews, TrunkMaps

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))


def with_head(backbone, *, rate=0.0, front=()):
    shape = backbone.input_shape[1:]
    hidden = inputs = keras.Input(shape)
    for layer in front:
        hidden = layer(hidden)
    hidden = layers.GlobalAveragePooling2D()(backbone(hidden, training=False))
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Dropout(rate)(hidden)))


def images_of(count, side):
    random = np.random.default_rng(1)
    return random.integers(0, 256, (count, side, side, 3), dtype="uint8"), random.integers(0, 3, count)


class TestSplit:
    def test_the_two_parts_are_the_model_wherever_it_is_cut(self, model, backbone, batch):
        freeze(model)
        for block in ("late_conv", "head"):
            trunk, rest = split_model(model, from_block=block)
            np.testing.assert_array_equal(rest(trunk(batch[0])), model(batch[0]))
            assert {id(v) for v in trunk.variables + rest.variables} == {id(v) for v in model.variables}

    def test_without_a_block_the_flags_decide(self, model, backbone):
        freeze(backbone)
        unfreeze(backbone, from_block="late_conv")
        trunk, rest = split_model(model)
        assert "late_conv" in [layer.name for layer in rest.layers]
        assert "early_conv" in [layer.name for layer in trunk.layers]
        assert not trunk.trainable_variables
        assert len(rest.trainable_variables) == len(model.trainable_variables)

    @pytest.mark.parametrize(
        "name",
        [
            "tiny_resnet",
            "mobilenet_v2_035",
            *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "densenet121")),
        ],
    )
    def test_backbones_with_shortcuts_are_cut_at_their_blocks(self, name):
        options = {} if name == "tiny_resnet" else {"weights": None, "input_shape": (32, 32, 3)}
        backbone = tlcourse.load_backbone(name, **options)
        model = with_head(backbone)
        images, _ = images_of(2, backbone.input_shape[1])
        block = list(tlcourse.backbones.blocks_of(backbone))[-2]
        freeze(backbone)
        unfreeze(backbone, from_block=block)
        trunk, rest = split_model(model)
        np.testing.assert_allclose(rest(trunk(images)), model(images), rtol=1e-5, atol=1e-5)
        assert 0 < len(trunk.weights) < len(model.weights)

    def test_dropout_in_a_frozen_part_stays_with_the_rest_unless_its_mode_is_fixed(self):
        """`training=False` in a functional call is only a default: `fit()` of a frozen EfficientNet drops whole branches."""
        inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="a"), layers.Dropout(0.5), layers.Dense(4, name="b")])
        freeze(inner)
        inputs = keras.Input((8,))
        plain = keras.Model(inputs, layers.Dense(2, name="head")(inner(inputs, training=False)))
        assert [layer.name for layer in split_model(plain).trunk.layers[1:]] == ["a"]
        held = keras.Model(inputs, layers.Dense(2, name="head")(FixedMode(inner, training=False)(inputs)))
        assert [layer.name for layer in split_model(held).rest.layers[1:]] == ["head"]

    def test_a_batchnorm_that_normalises_by_the_batch_is_no_trunk(self):
        norm = layers.BatchNormalization(center=False, scale=False)  # nothing of it trains, but its statistics move
        model = keras.Sequential([keras.Input((4,)), layers.Rescaling(2.0), norm, layers.Dense(2)])
        trunk, _ = split_model(model)
        assert norm not in trunk.layers
        norm.trainable = False
        assert norm in split_model(model).trunk.layers

    def test_a_layer_that_is_used_twice_is_shared(self):
        dense = layers.Dense(4, name="shared")
        dense.trainable = False
        inputs = keras.Input((4,))
        model = keras.Model(inputs, layers.Dense(2)(layers.Add()([dense(inputs), dense(dense(inputs))])))
        rows = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
        trunk, rest = split_model(model)
        np.testing.assert_allclose(rest(trunk(rows)), model(rows), rtol=1e-6)

    def test_what_cannot_be_split_is_refused_with_its_reason(self, backbone):
        model = make_nested(backbone)
        with pytest.raises(ValueError, match="no part that stays the same in training, because layer 'early_conv' comes first"):
            split_model(unfrozen(model))
        freeze(model)
        with pytest.raises(ValueError, match=r"Nothing in model .* trains"):
            split_model(model)
        with pytest.raises(ValueError, match="from_block='conv9'"):
            split_model(model, from_block="conv9")

        class Own(keras.Model):
            def call(self, inputs):
                return inputs

        with pytest.raises(TypeError, match=r"functional or Sequential .* a Own\."):
            split_model(Own())


def unfrozen(model):
    unfreeze(model, batchnorm="trainable")
    return model


class TestReuse:
    def weights_after(self, build, data, reuse, **options):
        keras.utils.set_random_seed(3)
        backbone = make_backbone()
        model = build(backbone)
        options = {"head_epochs": 2, "fine_tune_epochs": 2, "from_block": "late_conv", "loss": LOSS, "verbose": 0, **options}
        keras.utils.set_random_seed(4)
        result = fit_two_phase(model, data, data, backbone=backbone, reuse_trunk=reuse, fine_tune_learning_rate=1e-3, **options)
        return model, result

    @pytest.mark.parametrize("build", [make_nested, make_flat, pytest.param(make_sequential, marks=pytest.mark.slow)])
    def test_the_same_batches_give_the_weights_of_the_plain_way(self, build, batch):
        plain, expected = self.weights_after(build, batch, False, batch_size=5)
        reused, result = self.weights_after(build, batch, True, batch_size=5)
        for ours, theirs in zip(reused.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
        for name, values in expected.history.items():
            np.testing.assert_allclose(result.history[name], values, rtol=1e-3, atol=1e-4)
        assert [phase.summary.trainable_names for phase in result.phases] == [("head",), ("late_conv", "head")]

    @pytest.mark.slow
    def test_real_blocks_and_dropout_in_the_head_too(self):
        images, labels = images_of(24, 64)
        found = []
        for reuse in (False, True):
            keras.utils.set_random_seed(5)
            backbone = tlcourse.load_backbone("tiny_resnet")
            model = with_head(backbone, rate=0.3)
            options = {"head_epochs": 1, "fine_tune_epochs": 2, "from_block": "block5", "verbose": 0, "batch_size": 8}
            fit_two_phase(model, (images, labels), backbone=backbone, loss=LOSS, reuse_trunk=reuse, **options)
            found.append(model.get_weights())
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)

    def test_the_trunk_runs_once_a_phase_and_never_again(self, batch, monkeypatch):
        counted = count_batches(monkeypatch)
        self.weights_after(make_nested, batch, True)
        assert counted == [16, 16]  # training and validation data are the same images, and the cache knows them

    def test_the_model_can_be_evaluated_afterwards(self, batch):
        model, result = self.weights_after(make_nested, batch, True)
        assert model.evaluate(*batch, verbose=0)[0] == pytest.approx(result.history["val_loss"][-1], rel=1e-4)

    def test_a_pipeline_keeps_its_batches_and_their_order(self, batch):
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices(batch).batch(6)
        plain, _ = self.weights_after(make_nested, data, False)
        reused, _ = self.weights_after(make_nested, data, True)
        for ours, theirs in zip(reused.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)

    def test_a_folder_of_images_trains_like_its_images(self, tmp_path):
        images, _ = images_of(12, 64)
        for number, image in enumerate(images):
            (tmp_path / f"images/class{number % 3}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / f"images/class{number % 3}/{number:02}.png")
        folder = tlcourse.open_image_folder(tmp_path / "images", 64)
        found = []
        for data in ((folder, folder.labels), (folder[:], folder.labels)):
            keras.utils.set_random_seed(6)
            backbone = tlcourse.load_backbone("tiny_resnet")
            model = with_head(backbone)
            options = {"head_epochs": 1, "fine_tune_epochs": 1, "from_block": "block5", "verbose": 0}
            fit_two_phase(model, data, backbone=backbone, loss=LOSS, reuse_trunk=True, **options)
            found.append(model.get_weights())
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)

    def test_stored_views_differ_and_come_in_turn(self, batch):
        backbone = make_backbone()
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.RandomFlip(), backbone, layers.Flatten(), layers.Dense(3)])
        freeze(backbone)
        with pytest.raises(ValueError, match=r"layer 'random_flip\w*' comes first"):
            TrunkMaps(model, batch)
        data = TrunkMaps(model, batch, batch, views=2).data(batch_size=16)
        train = data["train_data"]
        assert isinstance(train, StoredViews)
        seen = []
        for _ in range(3):
            maps, labels = train[0]
            back = np.argsort(train.order)
            np.testing.assert_array_equal(labels[back], batch[1])
            seen.append(maps[back])
            train.on_epoch_end()
        assert np.abs(seen[0] - seen[1]).max() > 0.01
        np.testing.assert_array_equal(seen[0], seen[2])
        # Each stored view is what the trunk gives for the image or its mirror images.
        from itertools import product

        turned = [batch[0][:, ::a, ::b] for a, b in product((1, -1), repeat=2)]
        possible = np.stack([np.asarray(backbone(images)).reshape(seen[0].shape) for images in turned])
        nearest = np.abs(possible - seen[0]).reshape(4, 16, -1).max(axis=-1).min(axis=0)
        assert nearest.max() < 1e-4
        straight, _ = data["validation_data"]
        np.testing.assert_allclose(straight, possible[0], atol=1e-4)

    def test_training_with_views_learns(self, batch):
        _, result = self.weights_after(make_nested, batch, True, views=2)
        assert result.history["loss"][-1] < result.history["loss"][0]

    def test_wrong_data_are_refused(self, batch):
        backbone = make_backbone()
        model = make_nested(backbone)
        freeze(backbone)
        with pytest.raises(TypeError, match=r"`train_data` must be \(images, labels\) .* Received: train_data=ndarray"):
            TrunkMaps(model, batch[0])
        with pytest.raises(ValueError, match=r"`validation_data` must hold one label .* len\(images\)=16, len\(labels\)=15\."):
            TrunkMaps(model, batch, (batch[0], batch[1][1:]))
        with pytest.raises(ValueError, match="views"):
            TrunkMaps(model, batch, views=-1)
