"""Modules that the tests of HubLayer export: callable, with signatures, and one that reads text."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf


class Module(tf.Module):
    """A dense map with a moving mean, a penalty, and a `training` argument, as TF2 modules of TensorFlow Hub have them."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(np.random.default_rng(0).normal(size=(4, 3)).astype("float32"), name="kernel")
        self.mean = tf.Variable(tf.zeros(4), trainable=False, name="mean")
        self.regularization_losses = [self.penalty]

    @tf.function(input_signature=[])
    def penalty(self):
        return 0.5 * tf.reduce_sum(self.kernel**2)

    @tf.function
    def __call__(self, x, training=False):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * tf.reduce_mean(x, axis=0))
        return tf.matmul(x - self.mean, self.kernel)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    module, folder = Module(), tmp_path_factory.mktemp("modules") / "callable"
    for training in (True, False):
        module.__call__.get_concrete_function(tf.TensorSpec((None, 4)), training=training)
    tf.saved_model.save(module, str(folder))
    return folder


@pytest.fixture(scope="module")
def with_signatures(tmp_path_factory):
    """A module that is not callable: two signatures, the second with two outputs, as TensorFlow 1 exported them."""
    folder = tmp_path_factory.mktemp("modules") / "signatures"
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones((4, 2)), name="kernel")

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="inputs")])
    def single(inputs):
        return {"default": tf.matmul(inputs, module.kernel)}

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="inputs")])
    def double(inputs):
        return {"logits": tf.matmul(inputs, module.kernel), "sum": tf.reduce_sum(inputs, axis=1)}

    tf.saved_model.save(module, str(folder), signatures={"default": single, "both": double})
    return folder


@pytest.fixture(scope="module")
def reads_text(tmp_path_factory):
    """A module that looks words up in a vocabulary file, as embeddings of text do."""
    folder = tmp_path_factory.mktemp("text")
    words = folder / "words.txt"
    words.write_text("good\nbad\n")
    module = tf.Module()
    module.file = tf.saved_model.Asset(str(words))
    lines = tf.lookup.TextFileInitializer(
        module.file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    module.table = tf.lookup.StaticVocabularyTable(lines, 1)
    module.vectors = tf.Variable(np.random.default_rng(0).normal(size=(3, 5)).astype("float32"), name="vectors")

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def embed(words):
        return tf.gather(module.vectors, module.table.lookup(words))

    module.__call__ = embed
    tf.saved_model.save(module, str(folder / "module"))
    return folder / "module"
