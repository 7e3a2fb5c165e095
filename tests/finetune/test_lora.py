"""Kernels that LoRA froze stay frozen, whatever is unfrozen afterwards."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tests.finetune.toy_networks import make_flat, make_nested
from tlcourse.finetune import (
    GradualUnfreezing,
    copy_model,
    discriminative_optimizer,
    fit_linear_probe,
    fit_two_phase,
    freeze,
    lp_ft,
    trainable_summary,
    unfreeze,
)

IMAGES = np.random.default_rng(0).normal(size=(24, 8, 8, 3)).astype("float32")
LABELS = np.arange(24) % 3
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def lora_on(model, rank=2):
    """Enable LoRA on every layer that knows it; return those layers."""
    able = [layer for layer in model._flatten_layers() if hasattr(layer, "enable_lora")]
    for layer in able:
        layer.enable_lora(rank)
    return able


def base_of(layer):
    return layer._embeddings if isinstance(layer, layers.Embedding) else layer._kernel


def assert_bases_frozen(able):
    assert able
    assert not any(base_of(layer).trainable for layer in able)


def one_of_each_kind():
    """Embedding, Conv1D, EinsumDense, an attention layer with EinsumDense inside, and Dense."""
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4, name="embedding")(inputs)
    x = layers.Conv1D(4, 3, padding="same", name="convolution")(x)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(6, 4), bias_axes="d", name="einsum")(x)
    x = layers.MultiHeadAttention(2, 2, name="attention")(x, x)
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.GlobalAveragePooling1D()(x)))


def test_every_kind_of_layer_stays_frozen():
    model = one_of_each_kind()
    able = lora_on(model)
    assert len(able) == 8
    before = {variable.path for variable in model.trainable_variables}
    freeze(model)
    assert not model.trainable_variables
    unfreeze(model)
    assert_bases_frozen(able)
    assert {variable.path for variable in model.trainable_variables} == before


@pytest.mark.parametrize("make", [make_nested, make_flat])
def test_unfreeze_after_freeze_trains_no_more_than_before(backbone, make):
    model = make(backbone)
    able = lora_on(model)
    before = unfreeze(model).trainable_parameters
    freeze(backbone)
    assert unfreeze(model).trainable_parameters == before
    unfreeze(model, from_block="late_conv", batchnorm="trainable")
    assert_bases_frozen(able)
    assert "LoRA keeps the kernel of 3 layers frozen" in str(trainable_summary(model))


def test_without_lora_the_summary_does_not_mention_it(backbone):
    assert "LoRA" not in str(unfreeze(make_nested(backbone)))


def two_phase(model, backbone):
    fit_two_phase(model, (IMAGES, LABELS), backbone=backbone, loss=LOSS, head_epochs=1, fine_tune_epochs=2, verbose=0)


def gradual(model, backbone):
    model.compile("adam", LOSS)
    model.fit(IMAGES, LABELS, epochs=3, callbacks=[GradualUnfreezing(backbone)], verbose=0)


def discriminative(model, backbone):
    unfreeze(model)
    model.compile(discriminative_optimizer(model, learning_rate=0.01), LOSS)
    model.fit(IMAGES, LABELS, epochs=2, verbose=0)


def probe_first(model, backbone):
    lp_ft(model, IMAGES, LABELS, backbone=backbone, fine_tune_epochs=2, verbose=0, cache=False)


@pytest.mark.parametrize("train", [two_phase, gradual, discriminative, probe_first])
def test_no_recipe_moves_a_kernel_that_lora_froze(backbone, train):
    model = make_nested(backbone)
    able = lora_on(model)
    inside = [layer for layer in able if layer.name != "head"]  # the probe of LP-FT replaces the head's kernel
    bases = [base_of(layer).numpy() for layer in inside]
    factors = [layer.lora_kernel_b.numpy() for layer in inside]
    train(model, backbone)
    assert_bases_frozen(able)
    for layer, base, factor in zip(inside, bases, factors, strict=True):
        assert np.array_equal(base_of(layer).numpy(), base), layer.name
        assert not np.array_equal(layer.lora_kernel_b.numpy(), factor), layer.name


def test_a_probe_put_into_a_head_with_lora_gives_the_same_predictions(backbone):
    plain = make_flat(backbone)
    with_lora = copy_model(plain)
    head = with_lora.get_layer("head")
    head.enable_lora(2)
    head.lora_kernel_b.assign(np.full(head.lora_kernel_b.shape, 0.5))  # factors that already learned something
    for model in (plain, with_lora):
        fit_linear_probe(model, IMAGES, LABELS, cache=False)
    np.testing.assert_allclose(plain.predict(IMAGES, verbose=0), with_lora.predict(IMAGES, verbose=0), atol=1e-4)
