from __future__ import annotations

import keras
import pytest
from keras import layers

from tests.finetune.toy_networks import make_backbone, make_flat, make_nested
from tlcourse.finetune import freeze, trainable_summary, unfreeze
from tlcourse.finetune.blocks import blocks, units_of


def trains(model):
    return {layer.name for layer in units_of(model) if layer.trainable_weights}


def test_freeze_without_a_block_freezes_everything(model):
    summary = freeze(model)
    assert summary.trainable_parameters == 0
    assert model.trainable_weights == []


def test_freeze_up_to_a_block_includes_it_and_leaves_the_later_ones(model):
    freeze(model, up_to="early_bn")
    assert trains(model) == {"late_conv", "late_bn", "head"}


def test_freeze_up_to_a_block_does_not_wake_a_later_frozen_layer(model):
    freeze(model, up_to="late_conv")
    freeze(model, up_to="early_conv")
    assert trains(model) == {"late_bn", "head"}


def test_unfreeze_from_a_block_leaves_the_earlier_ones_frozen(model):
    freeze(model)
    unfreeze(model, from_block="late_conv")
    assert trains(model) == {"late_conv", "head"}


def test_unfreeze_from_a_block_leaves_earlier_trainable_layers_trainable(model):
    unfreeze(model, from_block="late_conv")
    assert trains(model) == {"early_conv", "late_conv", "head"}


def test_unfreeze_reaches_a_variable_that_was_frozen_by_hand(backbone):
    backbone.get_layer("late_conv").kernel.trainable = False
    unfreeze(backbone)
    assert backbone.get_layer("late_conv").kernel.trainable


def test_unfreeze_inside_a_frozen_whole_does_not_revive_flags_hidden_below(backbone):
    backbone.trainable = False
    backbone.get_layer("early_conv").trainable = True  # Keras: the backbone still trains nothing by its own account
    unfreeze(backbone, from_block="late_conv")
    assert trains(backbone) == {"late_conv"}


@pytest.mark.parametrize(("batchnorm", "expected"), [("frozen", "inference"), ("trainable", "training")])
def test_batchnorm_mode_is_what_was_asked_for(model, batchnorm, expected):
    freeze(model)
    unfreeze(model, batchnorm=batchnorm)
    assert {row.batchnorm for row in trainable_summary(model).rows} == {"", expected}


def test_a_batchnorm_hidden_in_a_composite_layer_is_kept_in_inference_mode():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__(name="composite")
            self.convolution, self.normalisation = layers.Conv2D(2, 3), layers.BatchNormalization()

        def call(self, x, training=None):
            return self.normalisation(self.convolution(x), training=training)

    model = keras.Sequential([keras.Input((8, 8, 3)), Block(), layers.Flatten()])
    freeze(model)
    summary = unfreeze(model)
    assert not model.layers[0].normalisation.trainable
    assert model.layers[0].convolution.trainable
    assert [row.batchnorm for row in summary.rows] == ["inference"]


def test_a_backbone_within_time_distributed_is_reached(backbone):
    model = keras.Sequential([keras.Input((2, 8, 8, 3)), layers.TimeDistributed(backbone), layers.Flatten(), layers.Dense(2)])
    freeze(model, up_to="early_conv")
    assert not backbone.get_layer("early_conv").trainable
    assert backbone.get_layer("late_conv").trainable


@pytest.mark.parametrize("where", ["late_bn", "late", "backbone", -2, 3])
def test_blocks_go_by_layer_group_backbone_or_index(backbone, where):
    model = keras.Sequential([keras.Input((8, 8, 3)), backbone, layers.Dense(3, name="head")])
    if isinstance(where, int):
        where = list(blocks(model)).index("late_bn") - (len(blocks(model)) if where < 0 else 0)
    freeze(model, up_to=where)
    assert trains(model) == {"head"}


def test_unfreezing_from_a_group_starts_at_its_first_layer(model):
    freeze(model)
    unfreeze(model, from_block="late", batchnorm="trainable")
    assert trains(model) == {"late_conv", "late_bn", "head"}


def test_blocks_that_the_registry_names_are_used(monkeypatch, backbone):
    import tlcourse.backbones

    def registry(model):
        if model is not backbone:
            raise ValueError(model.name)
        find = backbone.get_layer
        return {"stem": [find("early_conv"), find("early_bn")], "top": [find("late_conv"), find("late_bn")]}

    monkeypatch.setattr(tlcourse.backbones, "blocks_of", registry)
    model = make_nested(backbone)
    assert list(blocks(model)) == ["stem", "top", "pool", "head"]
    freeze(model, up_to="stem")
    assert trains(model) == {"late_conv", "late_bn", "head"}


def test_blocks_hold_every_unit_once_even_where_names_repeat():
    model = keras.Sequential([keras.Input((8, 8, 3)), make_backbone("a"), layers.Reshape((2, 2, 1)), layers.Conv2D(3, 1)])
    outer = keras.Sequential([keras.Input((8, 8, 3)), make_backbone("b"), layers.Reshape((2, 2, 1)), layers.UpSampling2D(4)])
    both = keras.Sequential([keras.Input((8, 8, 3)), outer, layers.Conv2D(3, 1, name="early_conv"), model])
    grouped = [layer for members in blocks(both).values() for layer in members]
    assert [id(layer) for layer in grouped] == [id(unit) for unit in units_of(both)]
    assert "early_conv (3)" in blocks(both)


@pytest.mark.parametrize("wrong", ["late_cnov", 99])
def test_a_wrong_name_lists_the_blocks_and_changes_nothing(model, wrong):
    before = trainable_summary(model)
    with pytest.raises(ValueError, match=r"up_to="):
        freeze(model, up_to=wrong)
    with pytest.raises(ValueError, match=r"from_block="):
        unfreeze(model, from_block=wrong)
    assert trainable_summary(model) == before


def test_a_misspelt_name_is_answered_with_the_nearest(backbone):
    with pytest.raises(ValueError, match="Did you mean 'late_conv'"):
        freeze(backbone, up_to="late_cnov")


def test_wrong_kinds_of_arguments_are_refused(backbone):
    with pytest.raises(TypeError, match="up_to"):
        freeze(backbone, up_to=2.5)
    with pytest.raises(ValueError, match="batchnorm="):
        unfreeze(backbone, batchnorm="off")


def test_the_summary_reminds_of_compile_once_and_names_no_model_where_none_waits(backbone):
    note = freeze(backbone).note
    assert note.lower().count("compile") == 1
    assert "Waiting" not in note


def test_flat_and_nested_models_freeze_through_the_backbone_they_share(backbone):
    flat, nested = make_flat(backbone), make_nested(backbone)
    freeze(backbone)
    assert trains(flat) == trains(nested) == {"head"}
