"""Instructors' side of lesson 02: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_TOP = "import numpy as np\n\ndef extract_in_batches(model, images, batch_size):\n"
FEATURES = Bank(
    right=[
        Right("predict", _TOP + "    return model.predict(images, batch_size=batch_size, verbose=0)\n"),
        Right(
            "slices",
            _TOP
            + "    starts = range(0, len(images), batch_size)\n"
            + "    return np.concatenate([np.asarray(model(images[s : s + batch_size], training=False)) for s in starts])\n",
        ),
        Right(
            "filled row by row",
            _TOP
            + "    rows = np.zeros((len(images), model.output_shape[-1]))\n"
            + "    for s in range(0, len(images), batch_size):\n"
            + "        part = images[s : s + batch_size]\n"
            + "        rows[s : s + len(part)] = model.predict_on_batch(part)\n"
            + "    return rows\n",
        ),
    ],
    wrong=[
        Wrong(
            "whole batches alone",
            "last-batch-lost",
            _TOP
            + "    n = len(images) // batch_size\n"
            + "    return np.concatenate([model.predict_on_batch(images[i * batch_size : (i + 1) * batch_size]) for i in range(n)])\n",
        ),
        Wrong(
            "filled up with zeros",
            "extra-rows",
            _TOP
            + "    missing = -len(images) % batch_size\n"
            + "    full = np.concatenate([images, np.zeros((missing, *images.shape[1:]), images.dtype)])\n"
            + "    return model.predict(full, batch_size=batch_size, verbose=0)\n",
        ),
        Wrong("training mode", "training-mode", _TOP + "    return np.asarray(model(images, training=True))\n"),
        Wrong("divided by 255", "scaled-twice", _TOP + "    return model.predict(images / 255.0, verbose=0)\n"),
        Wrong(
            "shuffled",
            "order-lost",
            _TOP
            + "    order = np.random.default_rng(0).permutation(len(images))\n    return model.predict(images[order], verbose=0)\n",
        ),
    ],
)

_EPOCHS = "import numpy as np\n\ndef training_epochs(read, count, augment, num_epochs):\n"
EPOCHS = Bank(
    right=[
        Right(
            "list, then loop",
            _EPOCHS
            + "    cache = [read(i) for i in range(count)]\n"
            + "    labels = np.array([label for _, label in cache])\n"
            + "    return [(np.stack([augment(image) for image, _ in cache]), labels) for _ in range(num_epochs)]\n",
        ),
        Right(
            "dictionary that fills itself",
            _EPOCHS
            + "    cache, epochs = {}, []\n"
            + "    for _ in range(num_epochs):\n"
            + "        images, labels = [], []\n"
            + "        for i in range(count):\n"
            + "            if i not in cache:\n"
            + "                cache[i] = read(i)\n"
            + "            images.append(augment(cache[i][0]))\n"
            + "            labels.append(cache[i][1])\n"
            + "        epochs.append((images, labels))\n"
            + "    return epochs\n",
        ),
        Right(
            "tf.data, cached before the map",
            _EPOCHS
            + "    import tensorflow as tf\n"
            + "    images, labels = zip(*(read(i) for i in range(count)))\n"
            + "    data = tf.data.Dataset.from_tensor_slices((np.stack(images), np.array(labels))).cache().shuffle(count)\n"
            + "    data = data.map(lambda x, y: (tf.ensure_shape(tf.numpy_function(augment, [x], tf.float64), (4,)), y))\n"
            + "    return [next(data.batch(count).as_numpy_iterator()) for _ in range(num_epochs)]\n",
        ),
    ],
    wrong=[
        Wrong(
            "augmented, then cached",
            "augmented-once",
            _EPOCHS
            + "    cache = [(augment(x), y) for x, y in (read(i) for i in range(count))]\n"
            + "    return [(np.stack([x for x, _ in cache]), np.array([y for _, y in cache])) for _ in range(num_epochs)]\n",
        ),
        Wrong(
            "no cache",
            "no-cache",
            _EPOCHS
            + "    epochs = []\n"
            + "    for _ in range(num_epochs):\n"
            + "        pairs = [read(i) for i in range(count)]\n"
            + "        epochs.append((np.stack([augment(x) for x, _ in pairs]), np.array([y for _, y in pairs])))\n"
            + "    return epochs\n",
        ),
        Wrong(
            "cache overwritten",
            "augments-the-cache",
            _EPOCHS
            + "    pairs = [read(i) for i in range(count)]\n"
            + "    images, labels, epochs = [x for x, _ in pairs], np.array([y for _, y in pairs]), []\n"
            + "    for _ in range(num_epochs):\n"
            + "        images = [augment(x) for x in images]\n"
            + "        epochs.append((np.stack(images), labels))\n"
            + "    return epochs\n",
        ),
        Wrong(
            "augmentation forgotten",
            "not-augmented",
            _EPOCHS
            + "    pairs = [read(i) for i in range(count)]\n"
            + "    return [(np.stack([x for x, _ in pairs]), np.array([y for _, y in pairs])) for _ in range(num_epochs)]\n",
        ),
        Wrong(
            "images shuffled without their labels",
            "labels-misaligned",
            _EPOCHS
            + "    pairs = [read(i) for i in range(count)]\n"
            + "    rng = np.random.default_rng(0)\n"
            + "    labels = np.array([y for _, y in pairs])\n"
            + "    return [(np.stack([augment(pairs[i][0]) for i in rng.permutation(count)]), labels) for _ in range(num_epochs)]\n",
        ),
    ],
)


def _classifier(
    before: str = "backbone.trainable = False", outputs: str = "num_classes", after: str = "", compiled: bool = True
) -> str:
    loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
    lines = [
        "import keras",
        "",
        "def build_classifier(backbone, num_classes):",
        f"    {before}",
        "    inputs = keras.Input(backbone.input_shape[1:])",
        f"    model = keras.Model(inputs, keras.layers.Dense({outputs})(backbone(inputs)))",
        f"    {after or 'pass'}",
        f"    model.compile('adam', {loss})" if compiled else "    pass",
        "    return model",
    ]
    return "\n".join(lines) + "\n"


CLASSIFIER = Bank(
    right=[
        Right("functional", _classifier()),
        Right(
            "sequential, softmax",
            "import keras\n\ndef build_classifier(backbone, num_classes):\n    backbone.trainable = False\n"
            "    model = keras.Sequential([backbone, keras.layers.Dropout(0.2), keras.layers.Dense(num_classes, activation='softmax')])\n"
            "    model.compile('sgd', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
            "    model.build((None, *backbone.input_shape[1:]))\n    return model\n",
        ),
        Right("layer by layer", _classifier("[setattr(layer, 'trainable', False) for layer in backbone.layers]")),
    ],
    wrong=[
        Wrong("nothing frozen", "not-frozen", _classifier("pass")),
        Wrong("training=False and nothing frozen", "not-frozen", _classifier("backbone.trainable = True")),
        Wrong(
            "BatchNorm left trainable",
            "batchnorm-moves",
            _classifier(
                "for layer in backbone.layers: layer.trainable = isinstance(layer, keras.layers.BatchNormalization)",
                after="for w in [w for layer in backbone.layers for w in layer.trainable_variables]: w.trainable = False",
            ),
        ),
        Wrong("all frozen", "head-frozen", _classifier(after="model.trainable = False")),
        Wrong("not compiled", "not-compiled", _classifier(compiled=False)),
        Wrong("one output too many", "wrong-head", _classifier(outputs="num_classes + 1")),
    ],
)

BANK = {"2.1": FEATURES, "2.2": EPOCHS, "2.3": CLASSIFIER}
