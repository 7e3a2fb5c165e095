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


def _recorder(batches: list[np.ndarray], modes: list[bool]) -> Any:
    """Return a layer that passes its input on and keeps each batch, and whether it was in training mode."""
    import keras
    import tensorflow as tf

    class Recorder(keras.layers.Layer):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.supports_jit = False  # a compiled step cannot call Python

        def call(self, images: Any, training: bool = False) -> Any:
            def keep(batch: np.ndarray) -> np.ndarray:
                batches.append(np.array(batch))
                modes.append(bool(training))
                return batch

            kept = tf.numpy_function(keep, [images], images.dtype)
            kept.set_shape(images.shape)
            return kept

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return Recorder()


def _features_probe(answer: Any, inputs: Any) -> Any:
    import keras

    layers = keras.layers
    batches: list[np.ndarray] = []
    modes: list[bool] = []
    norm, dense = layers.BatchNormalization(center=False, scale=False), layers.Dense(5, use_bias=False)
    stack = [
        keras.Input((8, 8, 3)),
        _recorder(batches, modes),
        layers.Rescaling(1 / 255),
        layers.GlobalAveragePooling2D(),
        norm,
        layers.Dropout(0.5),
        dense,
    ]
    backbone = keras.Sequential(stack)
    norm.set_weights([inputs["mean"], inputs["variance"]])
    dense.set_weights([inputs["kernel"]])
    features = array_of(call(answer, backbone, inputs["images"].copy(), inputs["batch_size"]), "the features")
    return {"features": features, "batches": batches, "modes": modes}


def _features_judge(case: Case, evidence: Any) -> Verdict:
    wanted = case.secret["features"]
    count, size = len(wanted), case.inputs["batch_size"]
    found = need_array(evidence["features"], "the features", shape=(None, wanted.shape[1]))
    if len(found) != count:
        names = {count // size * size: "last-batch-lost", -(-count // size) * size: "extra-rows"}
        return not_earned(
            "The number of rows is not the number of images.",
            expected=f"{count} rows for {count} images in batches of {size}",
            received=f"{len(found)} rows",
            misconception=names.get(len(found)),
        )
    if not np.allclose(found, wanted, atol=1e-3):
        order = np.abs(found[:, None] - wanted[None]).max(axis=-1).argmin(axis=1)
        if np.allclose(found, wanted[order], atol=1e-3):
            row = int(np.flatnonzero(order != np.arange(count))[0])
            return not_earned(
                "The rows are in another order than the images.",
                expected=f"row {row}: image {row}",
                received=f"row {row}: image {order[row]}",
                misconception="order-lost",
            )
        wrong = int(np.flatnonzero(~np.isclose(found, wanted, atol=1e-3).all(axis=1))[0])
        return not_earned(
            f"The features of image {wrong} differ from those of the model.",
            expected=show(wanted[wrong]),
            received=show(found[wrong]),
            misconception=_why_other_features(case.inputs["images"].astype(float), evidence),
        )
    largest = max((len(batch) for batch in evidence["batches"]), default=0)
    if largest > size:
        return not_earned(
            "The model got more images at once than `batch_size`.",
            expected=f"at most {size} images in a batch",
            received=f"a batch of {largest}",
            misconception="batch-size-ignored",
        )
    return earned("Every image has its features, in order, in inference mode, and no batch is too large.")


def _why_other_features(images: np.ndarray, evidence: Any) -> str | None:
    """Name what the batches that reached the model prove: other pixels than the raw ones, or training mode."""
    prepared = _prepared(images, evidence["batches"])
    return prepared or ("training-mode" if any(evidence["modes"]) else None)


def _prepared(images: np.ndarray, batches: list[np.ndarray]) -> str | None:
    """Name what was done to the raw pixels before they reached the model; None where nothing was."""
    seen = [
        image for batch in batches for image in need_array(batch, "a batch", shape=(None, *images.shape[1:])) if image.any()
    ]
    if all(_is_one_of(image, images) for image in seen):
        return None
    return "scaled-twice" if all(_is_one_of(image, images / 255) for image in seen) else "other-preprocessing"


def _is_one_of(image: np.ndarray, images: np.ndarray) -> bool:
    return bool((np.abs(images - image).max(axis=(1, 2, 3)) < 1e-3 * np.abs(images).max()).any())


_FEATURES = Task(
    id="2.1",
    title="features in batches",
    points=2,
    hints=(
        "23 images in batches of 5 are four whole batches and one of 3. And in which mode is a layer such as Dropout?",
        "`range(0, len(images), batch_size)` gives the starts of the batches; the last slice may be shorter.",
        "An example, for the first batch: `np.asarray(model(images[:batch_size], training=False))`. `np.concatenate` joins a list of "
        "such arrays.",
    ),
    answer_name="extract_in_batches",
    misconceptions={
        "last-batch-lost": "The last batch is shorter than the others; it belongs to the result too.",
        "extra-rows": "There is a whole last batch. If you filled it up, cut the result to the number of images.",
        "order-lost": "Row i has to belong to image i, or the labels no longer fit.",
        "scaled-twice": "The pixels were divided by 255, and the model divides by 255 itself. Pass the raw pixels.",
        "other-preprocessing": "The pixels were changed before they reached the model, which prepares them itself. Pass the raw pixels.",
        "training-mode": "The model ran in training mode: Dropout removes features, BatchNorm uses the batch. Use training=False.",
        "batch-size-ignored": "Large data do not fit in memory at once: pass at most `batch_size` images (`predict` takes 32 by default).",
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
    if epochs is None:
        return None
    pairs = call(list, epochs)  # a generator runs here
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        return {"pairs": False}
    rows = [[array_of(images, "the images"), array_of(labels, "the labels")] for images, labels in pairs]
    return {"pairs": True, "reads": reads[0], "epochs": rows}


def _epochs_judge(case: Case, evidence: Any) -> Verdict:
    images, labels, count = case.inputs["images"], case.inputs["labels"], len(case.inputs["labels"])
    if not evidence["pairs"]:
        return not_earned("An epoch is not a pair.", expected="a list of pairs (images, labels), one pair an epoch")
    if len(evidence["epochs"]) != case.inputs["epochs"]:
        return not_earned(
            "The number of epochs is wrong.", expected=show(case.inputs["epochs"]), received=show(len(evidence["epochs"]))
        )
    by_label = images[np.argsort(labels)]
    added, reads = [], evidence["reads"]
    for epoch, marks in evidence["epochs"]:
        epoch = need_array(epoch, "the images", shape=images.shape)
        marks = need_array(marks, "the labels", shape=(count,), kinds="iu")
        if sorted(marks.tolist()) != list(range(count)):
            return not_earned(
                "An epoch does not hold every label once.", expected=show(np.arange(count)), received=show(np.sort(marks))
            )
        far = np.abs(epoch - by_label[marks]).max(axis=1) > 2
        if far.any():
            return not_earned(
                f"In an epoch {far.sum()} of {count} labels are with another image than their own.",
                expected=f"with label {marks[far][0]} an image near {show(by_label[marks][far][0])}",
                received=show(epoch[far][0]),
                misconception="labels-misaligned",
            )
        added.append((epoch - by_label[marks])[np.argsort(marks)])
        reads = max(reads, 1 + round(float((added[-1] % _STEP).max()) / _MARK))
    if any(np.abs(difference).max() < _STEP for difference in added):
        return not_earned("An epoch holds images that were not augmented.", misconception="not-augmented")
    if all(np.array_equal(added[0], difference) for difference in added[1:]):
        return not_earned("All epochs hold the same augmented images.", misconception="augmented-once")
    if max(difference.max() for difference in added) >= 4 * _STEP:
        grows = added[0].max() < 4 * _STEP  # once in the first epoch, more often later
        return not_earned("An image was augmented more than once.", misconception="augments-the-cache" if grows else None)
    if reads != count:
        return not_earned(
            "Images were read more than once.",
            expected=f"{count} reads in all",
            received=f"{reads} reads",
            misconception="no-cache",
        )
    return earned("Each image is read once, each epoch is augmented again, and every label stays with its image.")


_EPOCHS = Task(
    id="2.2",
    title="augment behind the cache",
    points=2,
    hints=(
        "Which of the two steps, reading and augmenting, should happen once, and which in every epoch?",
        "Read everything into a list before the loop over epochs; augment inside it, into a new list.",
        "An example of what the cache holds: `cache[0]` is what `read(0)` returned, a pair `(image, label)`. In each epoch "
        "`augment(cache[0][0])` is a new image; the cache itself stays as it is.",
    ),
    answer_name="training_epochs",
    misconceptions={
        "augmented-once": "Every epoch has the same augmented images. Cache first, and augment after the cache.",
        "no-cache": "`read` is slow: call it once for each image and keep the result.",
        "augments-the-cache": "Each epoch augments the images of the epoch before. Augment from the image as it was read.",
        "not-augmented": "Some images of an epoch are as they were read.",
        "labels-misaligned": "Image and label have to be moved together, or labels are wrong without an error.",
    },
    make_case=_epochs_case,
    probe=_epochs_probe,
    judge=_epochs_judge,
)

# ---------------------------------------------------------------- 2.3 a classifier on a frozen backbone


_CHANNELS = (4, 6)
_MOVING = (4, 5)  # which of the six arrays of a block are BatchNorm's statistics; the others are weights
_SPARSE = ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy")
_OTHER_LOSSES = {
    "categorical_crossentropy": "one-hot-loss",
    "CategoricalCrossentropy": "one-hot-loss",
    "binary_crossentropy": "two-class-loss",
    "BinaryCrossentropy": "two-class-loss",
    "mean_squared_error": "regression-loss",
    "MeanSquaredError": "regression-loss",
    "mean_absolute_error": "regression-loss",
    "MeanAbsoluteError": "regression-loss",
}


def _classifier_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    weights = []
    for size, channels in zip((3, *_CHANNELS), _CHANNELS, strict=False):
        kernel = rng.normal(size=(3, 3, size, channels)) * np.sqrt(2 / (9 * size))
        weights += [kernel, *(rng.uniform(low, low + 0.5, channels) for low in (0.0, 0.75, 0.0, 0.0, 0.75))]
    classes = 3 + seed % 3
    images = {"images": rng.integers(0, 256, (24, 16, 16, 3)).astype("uint8"), "labels": rng.integers(0, classes, 24)}
    inputs = {"weights": [w.astype("float32") for w in weights], "seed": int(rng.integers(2**31)), "num_classes": classes}
    return Case(inputs={**inputs, **images})


def _classifier_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(inputs["seed"])
    images, labels, batches = inputs["images"], inputs["labels"], list[np.ndarray]()
    pixels = keras.Input((16, 16, 3))
    x = _recorder(batches, [])(pixels)
    for channels in _CHANNELS:
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.5)(keras.layers.Conv2D(channels, 3)(x)))
    backbone = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x), name="backbone")
    backbone.set_weights(inputs["weights"])
    own = list(backbone.weights)
    model = call(answer, backbone, inputs["num_classes"])
    if not isinstance(model, keras.Model):
        return {"model": False}
    outputs = array_of(call(model, images, training=False), "the outputs of the model")  # builds what is not built yet
    seen = [batch.copy() for batch in batches]
    ids = {id(v) for v in backbone.variables}
    head = [v for v in model.variables if id(v) not in ids]
    head_before = [keras.ops.convert_to_numpy(v) for v in head]
    error = ""
    if getattr(model, "compiled", False) and model.trainable_weights:
        try:
            model.fit(images, labels, epochs=2, batch_size=8, verbose=0)
        except Exception as failure:  # what Keras says of a loss that does not take these labels; the judge explains it
            error = f"{type(failure).__name__}: {failure}"[:300]
    return {
        "model": True,
        "compiled": bool(getattr(model, "compiled", False)),
        "outputs": outputs,
        "seen": seen,
        "contained": ids <= {id(v) for v in model.variables},
        "loss": _loss_of(model),
        "error": error,
        "backbone": [keras.ops.convert_to_numpy(v) for v in own],
        "head_before": head_before,
        "head_after": [keras.ops.convert_to_numpy(v) for v in head],
        "head_trains": sum(id(v) not in ids for v in model.trainable_weights),
    }


def _loss_of(model: Any) -> dict[str, Any]:
    """Return the name of the loss that a model was compiled with, and whether it takes logits."""
    import keras

    loss = getattr(model, "loss", None)
    if isinstance(loss, list | tuple) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:  # no such loss: `fit` says so
            return {"name": loss, "from_logits": False}
    if isinstance(loss, keras.losses.Loss):
        name = type(loss).__name__
        return {"name": name, "from_logits": name in _SPARSE and bool(loss.get_config()["from_logits"])}
    return {"name": str(getattr(loss, "__name__", "")), "from_logits": False}


def _classifier_judge(case: Case, evidence: Any) -> Verdict:
    classes, images = case.inputs["num_classes"], case.inputs["images"]
    if not evidence["model"]:
        return not_earned("Your function did not return a Keras model.", expected="a compiled keras.Model")
    if not evidence["compiled"]:
        return not_earned("The model is not compiled, so it cannot be trained.", misconception="not-compiled")
    outputs = need_array(evidence["outputs"], "the output of the model", kinds="f")
    if outputs.shape != (len(images), classes):
        return not_earned(
            "The head has the wrong number of outputs.",
            expected=f"shape ({len(images)}, {classes}) for {len(images)} images: one output a class",
            received=show(outputs.shape),
            misconception="wrong-head",
        )
    if not evidence["contained"]:
        return not_earned("The backbone that was passed is not in the model.", misconception="other-backbone")
    prepared = _prepared(images.astype(float), evidence["seen"])
    if prepared is not None:
        first = need_array(evidence["seen"][0], "a batch")
        return not_earned(
            "What reaches the backbone is not the raw pixels.",
            expected=f"values from {images.min()} to {images.max()}",
            received=f"values from {show(first.min())} to {show(first.max())}",
            misconception=prepared,
        )
    pairs = zip(case.inputs["weights"], evidence["backbone"], strict=True)
    moved = [i % 6 in _MOVING for i, (before, after) in enumerate(pairs) if not np.array_equal(before, after)]
    if not all(moved):
        return not_earned("Two epochs of training changed the backbone's weights.", misconception="not-frozen")
    if moved:
        return not_earned("Training moved the backbone's BatchNorm statistics.", misconception="batchnorm-moves")
    return _judge_loss(outputs, evidence) or _judge_head(evidence)


def _judge_loss(outputs: np.ndarray, evidence: Any) -> Verdict | None:
    """Say what does not fit between labels, outputs and loss; None where nothing is wrong."""
    name, from_logits = evidence["loss"]["name"], evidence["loss"]["from_logits"]
    probabilities = bool(outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-4))
    if name in _OTHER_LOSSES:
        return not_earned(
            "The loss is not one for whole-number labels of several classes.",
            expected="sparse categorical cross-entropy",
            received=name,
            misconception=_OTHER_LOSSES[name],
        )
    squashed = "sigmoid-head" if outputs.max() <= 1 else "relu-head" if (outputs == 0).any() else None
    if name in _SPARSE and outputs.min() >= 0 and squashed is not None and not probabilities:
        return not_earned(
            "The outputs of the head are neither logits nor probabilities of one class an image.",
            expected="logits with from_logits=True, or a softmax with from_logits=False",
            received=f"{show(outputs[0])} for the first image, and no output below 0 for any image",
            misconception=squashed,
        )
    if name in _SPARSE and from_logits == probabilities:
        kind = "probabilities" if probabilities else "scores of any size"
        return not_earned(
            "The outputs of the head and the loss do not fit together.",
            expected="from_logits=False" if probabilities else "from_logits=True",
            received=f"outputs that are {kind} ({show(outputs[0])} for the first image), with from_logits={from_logits}",
            misconception="softmax-and-from-logits" if probabilities else "logits-without-from-logits",
        )
    if evidence["error"]:
        return not_earned("Training stopped with an error.", expected="two epochs of fit", received=evidence["error"])
    return None


def _judge_head(evidence: Any) -> Verdict:
    heads = zip(evidence["head_before"], evidence["head_after"], strict=True)
    if all(np.array_equal(before, after) for before, after in heads):
        return not_earned(
            "Two epochs of training did not change the head.",
            expected="a head that learns",
            received=f"{evidence['head_trains']} trainable arrays in the head",
            misconception="head-frozen" if evidence["head_trains"] == 0 else None,
        )
    return earned("The backbone is bit for bit the same after training, statistics included, and the head learned.")


_CLASSIFIER = Task(
    id="2.3",
    title="a classifier on a frozen backbone",
    points=2,
    hints=(
        "What has to stay, what has to learn, and which line tells Keras? What does the loss expect from the head?",
        "Freeze the backbone, call it on an `Input`, put a `Dense` layer on its output, make a `Model`, compile it.",
        "An example of a head and a loss that fit: `keras.layers.Dense(3)` without activation, and "
        "`keras.losses.SparseCategoricalCrossentropy(from_logits=True)`. `backbone.trainable = False` comes before `compile`.",
    ),
    answer_name="build_classifier",
    misconceptions={
        "not-frozen": "Set `backbone.trainable = False` before `compile`.",
        "batchnorm-moves": "A trainable BatchNorm layer moves its statistics in `fit`, even when its weights are frozen.",
        "head-frozen": "Nothing in the head is trainable. Freeze only the backbone, not the whole model.",
        "not-compiled": "`compile` says which loss and optimizer `fit` uses.",
        "wrong-head": "The head has one output a class: `Dense(num_classes)`.",
        "other-backbone": "A copy of the backbone was used, or none. Put the backbone itself into the model.",
        "scaled-twice": "The backbone takes raw pixels, 0 to 255, and they were divided by 255 in front of it. Remove that layer.",
        "other-preprocessing": "The backbone takes raw pixels, 0 to 255. Remove what changes them in front of it.",
        "softmax-and-from-logits": "The head has a softmax, and `from_logits=True` is for a head without one. Use one of the two.",
        "sigmoid-head": "A sigmoid rates each class separately, and the loss is for one class an image. Leave it away, or use softmax.",
        "relu-head": "A ReLU cuts the scores below 0 away, and with them what the head could learn from them. Leave it away.",
        "logits-without-from-logits": "Without `from_logits=True` the loss reads the outputs as probabilities, and they are not.",
        "one-hot-loss": "Categorical cross-entropy takes one-hot labels. For whole numbers there is the sparse one.",
        "two-class-loss": "Binary cross-entropy is for yes-or-no labels. For several classes use sparse categorical cross-entropy.",
        "regression-loss": "This loss is for numbers that are to be predicted. For classes use sparse categorical cross-entropy.",
    },
    make_case=_classifier_case,
    probe=_classifier_probe,
    judge=_classifier_judge,
)

TASKS = (_FEATURES, _EPOCHS, _CLASSIFIER)
