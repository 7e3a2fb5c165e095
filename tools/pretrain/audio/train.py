"""Teach the encoder to tell the words of corpus.py.

    python train.py --work FOLDER --minutes 30

The learning rate is a cosine over the *time* spent, so the training ends on time however busy the machine; stopped and started
again with the same line it goes on from its last checkpoint. One voice in eight measures and is never trained on.
"""

import argparse
import json
import math
import os
import pickle
import time
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from augment import batch_of

from tlcourse.audio.network import build_audio_network

SEED = 0
BATCH = 96
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.02
WARM_UP_STEPS = 100
EMA_DECAY = 0.998
SMOOTHING = 0.1
STEPS_A_ROUND = 150


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="time to train, restarts included")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(SEED)
    saved = np.load(options.work / "words.npz")
    sound, starts, labels, groups = (saved[name] for name in ("sound", "starts", "labels", "groups"))
    clips = [sound[a:b] for a, b in pairwise(starts)]
    train, held = np.flatnonzero(groups % 8 > 0), np.flatnonzero(groups % 8 == 0)
    held = np.random.default_rng(SEED).permutation(held)[:960]
    held_sounds = batch_of(clips, held, np.random.default_rng(SEED + 1))

    encoder = build_audio_network(8000, spec_augment=True)
    words = keras.layers.Dense(int(labels.max()) + 1, name="words")
    model = keras.Sequential([encoder, keras.layers.Dropout(0.3), words])
    model(np.zeros((1, 8192), "float32"))
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(optimizer, loss)
    optimizer.build(model.trainable_variables)
    average = [w.numpy() if hasattr(w, "numpy") else np.asarray(w) for w in model.get_weights()]
    rng, step, spent = np.random.default_rng(SEED), 0, 0.0
    checkpoint = options.work / "checkpoint.pkl"
    if checkpoint.exists():
        state = pickle.loads(checkpoint.read_bytes())
        model.set_weights(state["weights"])
        for variable, value in zip(optimizer.variables, state["optimizer"], strict=True):
            variable.assign(value)
        average, step, spent = state["average"], state["step"], state["spent"]
        rng.bit_generator.state = state["rng"]
    started, budget = time.time() - spent, 60 * options.minutes
    progress = spent / budget
    while progress < 1:
        losses = []
        for _ in range(STEPS_A_ROUND):
            chosen = rng.choice(train, BATCH)
            progress = (time.time() - started) / budget
            if progress >= 1:
                break
            optimizer.learning_rate = (
                LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.003, 0.5 * (1 + math.cos(math.pi * progress)))
            )
            targets = keras.utils.to_categorical(labels[chosen], words.units)
            losses.append(float(model.train_on_batch(batch_of(clips, chosen, rng), targets)))
            step += 1
            if step % 5 == 0:
                decay = min(EMA_DECAY, (1 + step) / (10 + step)) ** 5
                average = [decay * a + (1 - decay) * w for a, w in zip(average, model.get_weights(), strict=True)]
        current = model.get_weights()
        model.set_weights(average)
        answers = np.argmax(model.predict(held_sounds, batch_size=96, verbose=0), axis=1)
        encoder.save_weights(options.work / "encoder.weights.h5")
        model.set_weights(current)
        state = dict(weights=current, average=average, optimizer=[v.numpy() for v in optimizer.variables], step=step,
                     spent=time.time() - started, rng=rng.bit_generator.state)  # fmt: skip
        temporary = checkpoint.with_suffix(".tmp")
        temporary.write_bytes(pickle.dumps(state))
        os.replace(temporary, checkpoint)
        line = dict(step=step, minutes=round((time.time() - started) / 60, 1), train=round(float(np.mean(losses or [0])), 3),
                    held_out_voices=round(float(np.mean(answers == labels[held])), 3))  # fmt: skip
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
