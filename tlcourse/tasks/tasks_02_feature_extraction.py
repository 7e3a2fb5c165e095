"""Tasks of lesson 02: features in batches, augmentation behind the cache, a classifier on a frozen backbone."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 2.1 features in batches


def _features_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (23, 8, 8, 3), dtype=np.uint8)
    mean, variance = rng.uniform(0.4, 0.6, 3), rng.uniform(0.001, 0.01, 3)
    kernel = rng.normal(size=(3, 5))
    inputs = {"images": images, "mean": mean, "variance": variance, "kernel": kernel, "batch_size": 5}
    expected = ((images / 255.0).mean(axis=(1, 2)) - mean) / np.sqrt(variance + 1e-3) @ kernel
    return Case(inputs=inputs, secret={"features": expected})


def _features_probe(answer: Any, inputs: Any) -> Any:
    import keras

    layers = keras.layers
    norm, dense = layers.BatchNormalization(center=False, scale=False), layers.Dense(5, use_bias=False)
    stack = [
        keras.Input((8, 8, 3)),
        layers.Rescaling(1 / 255),
        layers.GlobalAveragePooling2D(),
        norm,
        layers.Dropout(0.5),
        dense,
    ]
    backbone = keras.Sequential(stack)
    norm.set_weights([inputs["mean"], inputs["variance"]])
    dense.set_weights([inputs["kernel"]])
    return {"features": array_of(call(answer, backbone, inputs["images"].copy(), inputs["batch_size"]), "the features")}


def _features_judge(case: Case, evidence: Any) -> Verdict:
    wanted = case.secret["features"]
    count, size = len(wanted), case.inputs["batch_size"]
    found = need_array(evidence["features"], "the features", shape=(None, wanted.shape[1]))
    if len(found) != count:
        lost = len(found) < count
        return not_earned(
            "The number of rows is not the number of images.",
            expected=f"{count} rows for {count} images in batches of {size}",
            received=f"{len(found)} rows",
            misconception="last-batch-lost" if lost else "extra-rows",
        )
    if np.allclose(found, wanted, atol=1e-3):
        return earned("Every image has its features, in order, in inference mode.")
    order = np.abs(found[:, None] - wanted[None]).max(axis=-1).argmin(axis=1)
    if np.allclose(found, wanted[order], atol=1e-3):
        return not_earned("The rows are in another order than the images.", misconception="order-lost")
    x = case.inputs
    twice = ((x["images"] / 255.0**2).mean(axis=(1, 2)) - x["mean"]) / np.sqrt(x["variance"] + 1e-3) @ x["kernel"]
    name = "scaled-twice" if np.allclose(found, twice, atol=1e-3) else "training-mode"
    return not_earned(
        "The features differ from the model's own.", expected=show(wanted[0]), received=show(found[0]), misconception=name
    )


_FEATURES = Task(
    id="2.1",
    title="features in batches",
    points=2,
    hints=(
        "23 images in batches of 5 make four whole batches and one of 3. And which mode is a layer such as Dropout in?",
        "range(0, len(images), batch_size) gives the starts; a slice may be shorter than asked for.",
        "np.concatenate([np.asarray(model(images[s : s + batch_size], training=False)) for s in range(0, len(images), batch_size)])",
    ),
    answer_name="extract_in_batches",
    misconceptions={
        "last-batch-lost": "The last batch is shorter than the others; it belongs to the result too.",
        "extra-rows": "A batch that was filled up has to be cut back to the images that there are.",
        "order-lost": "Row i has to belong to image i, or the labels no longer fit.",
        "scaled-twice": "The model divides by 255 itself; pass the raw pixels.",
        "training-mode": "In training mode Dropout removes features and BatchNorm uses the batch: call with training=False.",
    },
    make_case=_features_case,
    probe=_features_probe,
    judge=_features_judge,
)

# ---------------------------------------------------------------- 2.2 augment behind the cache


# Pixels are whole numbers, augmentation adds 1 to 3 of these steps to each, and reading number k adds k of the marks below (less
# than a step in all): what was read when, and how often it was augmented, stands in the images themselves, and survives float32.
_STEP, _MARK, _LAST_MARK = 1 / 8, 1 / 1024, 127


def _epochs_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    images, labels = np.round(rng.normal(size=(12, 4)) * 50), rng.permutation(12)
    return Case(inputs={"images": images, "labels": labels, "epochs": 3, "seed": int(rng.integers(2**31))})


def _epochs_probe(answer: Any, inputs: Any) -> Any:
    rng = np.random.default_rng(inputs["seed"])
    reads = [0]

    def read(i: int) -> tuple[np.ndarray, int]:
        image = inputs["images"][i] + _MARK * min(reads[0], _LAST_MARK)
        reads[0] += 1
        return image, int(inputs["labels"][i])

    def augment(image: Any) -> np.ndarray:
        return np.asarray(image, dtype=float) + _STEP * rng.integers(1, 4, size=np.shape(image))

    epochs = call(answer, read, len(inputs["labels"]), augment, inputs["epochs"])
    rows = [[array_of(images, "the images"), array_of(labels, "the labels")] for images, labels in epochs]
    return {"reads": reads[0], "epochs": rows}


def _epochs_judge(case: Case, evidence: Any) -> Verdict:
    images, labels, count = case.inputs["images"], case.inputs["labels"], len(case.inputs["labels"])
    if len(evidence["epochs"]) != case.inputs["epochs"]:
        return not_earned(
            "The number of epochs is wrong.", expected=show(case.inputs["epochs"]), received=show(len(evidence["epochs"]))
        )
    by_label = images[np.argsort(labels)]
    added, reads = [], evidence["reads"]
    for pictures, marks in evidence["epochs"]:
        pictures = need_array(pictures, "the images", shape=images.shape)
        marks = need_array(marks, "the labels", shape=(count,), kinds="iu")
        if sorted(marks.tolist()) != list(range(count)):
            return not_earned("An epoch does not hold every label once.", misconception="labels-misaligned")
        if np.abs(pictures - by_label[marks]).max() > 2:
            return not_earned("Labels stand beside other images than their own.", misconception="labels-misaligned")
        added.append((pictures - by_label[marks])[np.argsort(marks)])
        reads = max(reads, 1 + round(float((added[-1] % _STEP).max()) / _MARK))
    if any(np.abs(difference).max() < _STEP for difference in added):
        return not_earned("An epoch holds images that were not augmented.", misconception="not-augmented")
    if all(np.array_equal(added[0], difference) for difference in added[1:]):
        return not_earned("All epochs hold the same augmented images.", misconception="augmented-once")
    if max(difference.max() for difference in added) >= 4 * _STEP:
        return not_earned("An image was augmented more than once.", misconception="augments-the-cache")
    if reads != count:
        return not_earned(
            "The files were read again and again.",
            expected=f"{count} reads in all",
            received=f"{reads} reads",
            misconception="no-cache",
        )
    return earned("Each file is read once, each epoch is augmented anew, and every label stays with its image.")


_EPOCHS = Task(
    id="2.2",
    title="augment behind the cache",
    points=2,
    hints=(
        "Which of the two steps, reading and augmenting, should happen once, and which in every epoch?",
        "Read everything into a list before the loop over epochs; augment inside it, into a new list.",
        "cache = [read(i) for i in range(count)], then for each epoch: [(augment(image), label) for image, label in cache]",
    ),
    answer_name="training_epochs",
    misconceptions={
        "augmented-once": "What is augmented before it is cached is the same in every epoch: cache first, augment after.",
        "no-cache": "`read` is slow: call it once for each image and keep the result.",
        "augments-the-cache": "The augmented image replaced the cached one, so that the next epoch augments it again.",
        "not-augmented": "The images of an epoch are the raw ones.",
        "labels-misaligned": "Image and label travel together, or every label is wrong without an error.",
    },
    make_case=_epochs_case,
    probe=_epochs_probe,
    judge=_epochs_judge,
)

# ---------------------------------------------------------------- 2.3 a classifier on a frozen backbone


_CHANNELS = (4, 6)
_MOVING = (4, 5)  # which of the six arrays of a block are BatchNorm's statistics; the others are weights


def _classifier_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    weights = []
    for size, channels in zip((3, *_CHANNELS), _CHANNELS, strict=False):
        kernel = rng.normal(size=(3, 3, size, channels)) * np.sqrt(2 / (9 * size))
        weights += [kernel, *(rng.uniform(low, low + 0.5, channels) for low in (0.0, 0.75, 0.0, 0.0, 0.75))]
    inputs = {"weights": [w.astype("float32") for w in weights], "seed": int(rng.integers(2**31)), "num_classes": 3 + seed % 3}
    return Case(inputs=inputs)


def _classifier_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(inputs["seed"])
    x = images = keras.Input((16, 16, 3))
    for channels in _CHANNELS:
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.5)(keras.layers.Conv2D(channels, 3)(x)))
    backbone = keras.Model(images, keras.layers.GlobalAveragePooling2D()(x), name="backbone")
    backbone.set_weights(inputs["weights"])
    own = list(backbone.weights)
    model = call(answer, backbone, inputs["num_classes"])
    if not isinstance(model, keras.Model):
        return {"model": False}
    ids = {id(v) for v in backbone.variables}
    head = [v for v in model.variables if id(v) not in ids]
    head_before = [keras.ops.convert_to_numpy(v) for v in head]
    compiled = bool(getattr(model, "compiled", False))
    if compiled and model.trainable_weights:
        rng = np.random.default_rng(inputs["seed"])
        pixels = rng.integers(0, 256, (24, 16, 16, 3)).astype("uint8")
        model.fit(pixels, rng.integers(0, inputs["num_classes"], 24), epochs=2, batch_size=8, verbose=0)
    return {
        "model": True,
        "compiled": compiled,
        "outputs": int(model.output_shape[-1]),
        "backbone": [keras.ops.convert_to_numpy(v) for v in own],
        "head_before": head_before,
        "head_after": [keras.ops.convert_to_numpy(v) for v in head],
    }


def _classifier_judge(case: Case, evidence: Any) -> Verdict:
    classes = case.inputs["num_classes"]
    if not evidence["model"]:
        return not_earned("Your function did not return a Keras model.", expected="a compiled keras.Model")
    if not evidence["compiled"]:
        return not_earned("The model is not compiled, so that it cannot be trained.", misconception="not-compiled")
    if evidence["outputs"] != classes:
        return not_earned(
            "The head has the wrong number of outputs.",
            expected=f"{classes}, one a class",
            received=show(evidence["outputs"]),
            misconception="wrong-head",
        )
    pairs = zip(case.inputs["weights"], evidence["backbone"], strict=True)
    moved = [i % 6 in _MOVING for i, (before, after) in enumerate(pairs) if not np.array_equal(before, after)]
    if not all(moved):
        return not_earned("Two epochs of training changed the backbone's weights.", misconception="not-frozen")
    if moved:
        return not_earned("Training moved the backbone's BatchNorm statistics.", misconception="batchnorm-moves")
    heads = zip(evidence["head_before"], evidence["head_after"], strict=True)
    if all(np.array_equal(before, after) for before, after in heads):
        return not_earned("Two epochs of training changed nothing at all.", misconception="head-frozen")
    return earned("The backbone is bit for bit the same after training, statistics included, and the head learned.")


_CLASSIFIER = Task(
    id="2.3",
    title="a classifier on a frozen backbone",
    points=2,
    hints=(
        "What has to stay, what has to learn, and from which line on does Keras know?",
        "Freeze the backbone, call it on an Input, put a Dense layer on its output, make a Model, compile it.",
        "backbone.trainable = False, then layers.Dense(num_classes)(backbone(inputs)) and a loss with from_logits=True",
    ),
    answer_name="build_classifier",
    misconceptions={
        "not-frozen": "Set backbone.trainable = False before compile.",
        "batchnorm-moves": "A trainable BatchNorm layer normalises by the batch and moves its statistics, in a frozen backbone too.",
        "head-frozen": "model.trainable = False freezes the head too; freeze the backbone alone.",
        "not-compiled": "compile() says which loss and optimizer fit() uses.",
        "wrong-head": "One output a class: Dense(num_classes).",
    },
    make_case=_classifier_case,
    probe=_classifier_probe,
    judge=_classifier_judge,
)

TASKS = (_FEATURES, _EPOCHS, _CLASSIFIER)
