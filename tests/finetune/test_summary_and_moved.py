from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from tests.finetune.toy_networks import compile_sgd, make_nested
from tlcourse.finetune import freeze, snapshot, trainable_summary, unfreeze, what_moved


class TestSummary:
    def test_counts_agree_with_keras(self, model):
        freeze(model, up_to="early_bn")
        summary = trainable_summary(model)
        assert summary.trainable_parameters == sum(int(np.prod(v.shape)) for v in model.trainable_weights)
        unfreeze(model, batchnorm="trainable")
        assert summary.parameters == sum(int(np.prod(v.shape)) for v in model.trainable_weights)

    def test_a_whole_model_that_is_frozen_trains_nothing_whatever_its_layers_say(self, backbone):
        backbone.trainable = False
        backbone.get_layer("late_conv").trainable = True
        assert trainable_summary(backbone).trainable_parameters == 0
        assert trainable_summary(make_nested(backbone)).trainable_names == ("late_conv", "head")

    def test_blocks_and_layers_add_up_to_the_same(self, model):
        by_block, by_layer = trainable_summary(model), trainable_summary(model, by="layer")
        assert by_block.parameters == by_layer.parameters

    def test_is_frozen(self, backbone):
        summary = trainable_summary(backbone)
        with pytest.raises(dataclasses.FrozenInstanceError):
            summary.rows = ()

    def test_text_is_aligned(self, model):
        lines = str(trainable_summary(model, note="note")).splitlines()
        assert "parameters train" in lines[0]
        table = [line for line in lines[1:-1] if not line.startswith("---")]
        assert len({len(line) for line in table}) == 1 or all(
            line.endswith(("-", "inference", "training", "BatchNorm")) for line in table
        )
        ends = {
            line.rindex(row.batchnorm or "-") + len(row.batchnorm or "-")
            for line, row in zip(table[1:], trainable_summary(model).rows, strict=True)
        }
        assert len(ends) == 1
        assert lines[-1] == "note"

    def test_html_escapes_names(self):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="<b>&")], name="<script>")
        page = trainable_summary(model)._repr_html_()
        assert "&lt;b&gt;&amp;" in page
        assert "<script>" not in page

    def test_an_unbuilt_model_and_a_wrong_grouping_are_refused(self, backbone):
        with pytest.raises(ValueError, match="no weights yet"):
            trainable_summary(keras.Sequential([layers.Dense(1)]))
        with pytest.raises(ValueError, match="by="):
            trainable_summary(backbone, by="tensor")


class TestWhatMoved:
    def test_nothing_moved_is_bit_identical(self, model):
        assert what_moved(snapshot(model), model).bit_identical

    def test_the_last_bit_of_one_weight_is_seen(self, backbone):
        before = snapshot(backbone)
        bias = backbone.get_layer("late_conv").bias
        bias.assign(np.nextafter(bias.numpy(), np.float32(1)))
        moved = what_moved(before, backbone)
        assert not moved.bit_identical
        assert moved.moved_names == ("late_conv",)
        assert (moved["late_conv"].tensors_moved, moved["late_conv"].tensors) == (1, 2)

    def test_nan_that_stays_nan_did_not_move(self, backbone):
        bias = backbone.get_layer("late_conv").bias
        bias.assign(np.full(4, np.nan, "float32"))
        assert what_moved(snapshot(backbone), backbone).bit_identical

    def test_relative_change_is_the_norm_of_the_difference_over_the_norm(self, backbone):
        before = snapshot(backbone)
        layer = backbone.get_layer("late_conv")
        layer.kernel.assign(layer.kernel.numpy() * 1.5)
        assert what_moved(before, backbone)["late_conv"].weight_change == pytest.approx(0.5, rel=1e-5)

    def test_statistics_are_told_apart_from_weights(self, backbone):
        before = snapshot(backbone)
        norm = backbone.get_layer("late_bn")
        norm.moving_variance.assign(norm.moving_variance.numpy() * 3)  # mean 0 and variance 1 -> ||d|| / ||before|| = 2
        row = what_moved(before, backbone)["late_bn"]
        assert row.weight_change == 0
        assert row.statistic_change == pytest.approx(2)
        assert what_moved(before, backbone)["late_conv"].statistic_change is None

    def test_leaving_zero_is_an_infinite_change(self):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1, kernel_initializer="zeros")])
        before = snapshot(model)
        assert what_moved(before, model).rows[0].weight_change == 0
        model.layers[0].kernel.assign([[1.0], [0.0]])
        assert what_moved(before, model).rows[0].weight_change == float("inf")

    def test_dropout_seeds_are_no_weights(self, batch):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Dropout(0.5), layers.Flatten(), layers.Dense(1)])
        before = snapshot(model)
        model(batch[0], training=True)
        assert what_moved(before, model).bit_identical

    def test_a_snapshot_is_a_copy_that_cannot_be_written(self, model, fit):
        before = snapshot(model)
        compile_sgd(model)
        fit(model)
        assert not what_moved(before, model).bit_identical
        with pytest.raises(ValueError, match="read-only"):
            before.layers["head"].weights[0][:] = 0

    def test_only_the_head_moves_on_a_frozen_backbone(self, model, backbone, fit):
        freeze(backbone)
        compile_sgd(model)
        before = snapshot(model)
        fit(model)
        assert what_moved(before, snapshot(model)).moved_names == ("head",)

    def test_a_model_in_place_of_the_snapshot_is_refused(self, backbone):
        with pytest.raises(TypeError, match=r"before = snapshot\(model\)"):
            what_moved(backbone, backbone)

    def test_another_model_is_refused(self, backbone):
        with pytest.raises(ValueError, match="different layers"):
            what_moved(snapshot(backbone), make_nested(backbone))

    def test_text_and_html_show_every_layer(self, backbone):
        moved = what_moved(snapshot(backbone), backbone)
        assert str(moved).startswith("backbone: bit-identical")
        for row in moved.rows:
            assert row.name in str(moved)
            assert row.name in moved._repr_html_()
        with pytest.raises(KeyError, match="layers: early_conv"):
            moved["nothing"]
