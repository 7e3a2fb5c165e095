"""Right and wrong answers to the tasks of lesson 02. The form of this file: docs/checks.md."""

# %% task 2.1

# %% right: predict
import numpy as np


def extract_in_batches(model, images, batch_size):
    return model.predict(images, batch_size=batch_size, verbose=0)


# %% right: slices
import numpy as np


def extract_in_batches(model, images, batch_size):
    starts = range(0, len(images), batch_size)
    return np.concatenate([np.asarray(model(images[s : s + batch_size], training=False)) for s in starts])


# %% right: filled row by row
import numpy as np


def extract_in_batches(model, images, batch_size):
    rows = np.zeros((len(images), model.output_shape[-1]))
    for s in range(0, len(images), batch_size):
        part = images[s : s + batch_size]
        rows[s : s + len(part)] = model.predict_on_batch(part)
    return rows


# %% wrong: last-batch-lost: whole batches alone
import numpy as np


def extract_in_batches(model, images, batch_size):
    n = len(images) // batch_size
    return np.concatenate([model.predict_on_batch(images[i * batch_size : (i + 1) * batch_size]) for i in range(n)])


# %% wrong: extra-rows: filled up with zeros
import numpy as np


def extract_in_batches(model, images, batch_size):
    missing = -len(images) % batch_size
    full = np.concatenate([images, np.zeros((missing, *images.shape[1:]), images.dtype)])
    return model.predict(full, batch_size=batch_size, verbose=0)


# %% wrong: training-mode
# As "predict", but:
return np.asarray(model(images, training=True))

# %% wrong: scaled-twice: divided by 255
# As "predict", but:
return model.predict(images / 255.0, verbose=0)

# %% wrong: order-lost: shuffled
import numpy as np


def extract_in_batches(model, images, batch_size):
    order = np.random.default_rng(0).permutation(len(images))
    return model.predict(images[order], verbose=0)


# %% wrong: batch-size-ignored: all images at once
import numpy as np


def extract_in_batches(model, images, batch_size):
    return np.asarray(model(images, training=False))


# %% wrong: batch-size-ignored: the default of predict
def extract_in_batches(model, images, batch_size):
    return model.predict(images, verbose=0)


# %% wrong: other-preprocessing: pixels from -1 to 1
import numpy as np


def extract_in_batches(model, images, batch_size):
    return model.predict(images / 127.5 - 1, batch_size=batch_size, verbose=0)


# %% wrong: other-preprocessing: mean and standard deviation of ImageNet
import numpy as np


def extract_in_batches(model, images, batch_size):
    images = (images / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    return model.predict(images, batch_size=batch_size, verbose=0)


# %% wrong: : features squared
def extract_in_batches(model, images, batch_size):
    return model.predict(images, batch_size=batch_size, verbose=0) ** 2


# %% wrong: : half of the images
def extract_in_batches(model, images, batch_size):
    return model.predict(images[: len(images) // 2], batch_size=batch_size, verbose=0)


# %% task 2.2

# %% right: list, then loop
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache = [read(i) for i in range(count)]
    labels = np.array([label for _, label in cache])
    return [(np.stack([augment(image) for image, _ in cache]), labels) for _ in range(num_epochs)]


# %% right: dictionary that fills itself
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache, epochs = {}, []
    for _ in range(num_epochs):
        images, labels = [], []
        for i in range(count):
            if i not in cache:
                cache[i] = read(i)
            images.append(augment(cache[i][0]))
            labels.append(cache[i][1])
        epochs.append((images, labels))
    return epochs


# %% right: tf.data, cached before the map
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    import tensorflow as tf

    images, labels = zip(*(read(i) for i in range(count)))
    data = tf.data.Dataset.from_tensor_slices((np.stack(images), np.array(labels))).cache().shuffle(count)
    data = data.map(lambda x, y: (tf.ensure_shape(tf.numpy_function(augment, [x], tf.float64), (4,)), y))
    return [next(data.batch(count).as_numpy_iterator()) for _ in range(num_epochs)]


# %% wrong: augmented-once: augmented, then cached
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache = [(augment(x), y) for x, y in (read(i) for i in range(count))]
    return [(np.stack([x for x, _ in cache]), np.array([y for _, y in cache])) for _ in range(num_epochs)]


# %% wrong: no-cache
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    epochs = []
    for _ in range(num_epochs):
        pairs = [read(i) for i in range(count)]
        epochs.append((np.stack([augment(x) for x, _ in pairs]), np.array([y for _, y in pairs])))
    return epochs


# %% wrong: augments-the-cache: cache overwritten
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    pairs = [read(i) for i in range(count)]
    images, labels, epochs = [x for x, _ in pairs], np.array([y for _, y in pairs]), []
    for _ in range(num_epochs):
        images = [augment(x) for x in images]
        epochs.append((np.stack(images), labels))
    return epochs


# %% wrong: not-augmented: augmentation forgotten
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    pairs = [read(i) for i in range(count)]
    return [(np.stack([x for x, _ in pairs]), np.array([y for _, y in pairs])) for _ in range(num_epochs)]


# %% wrong: labels-misaligned: images shuffled without their labels
# As "augmentation forgotten", but:
rng = np.random.default_rng(0)
labels = np.array([y for _, y in pairs])
return [(np.stack([augment(pairs[i][0]) for i in rng.permutation(count)]), labels) for _ in range(num_epochs)]

# %% wrong: : augmented twice in each epoch
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache = [read(i) for i in range(count)]
    labels = np.array([label for _, label in cache])
    return [(np.stack([augment(augment(augment(augment(x)))) for x, _ in cache]), labels) for _ in range(num_epochs)]


# %% wrong: : an image left out
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache = [read(i) for i in range(count)]
    cache[0] = cache[1]
    labels = np.array([label for _, label in cache])
    return [(np.stack([augment(image) for image, _ in cache]), labels) for _ in range(num_epochs)]


# %% wrong: : only images
import numpy as np


def training_epochs(read, count, augment, num_epochs):
    cache = [read(i)[0] for i in range(count)]
    return [np.stack([augment(image) for image in cache]) for _ in range(num_epochs)]


# %% task 2.3

# %% right: functional
import keras


def build_classifier(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% right: sequential, softmax
import keras


def build_classifier(backbone, num_classes):
    backbone.trainable = False
    model = keras.Sequential([backbone, keras.layers.Dropout(0.2), keras.layers.Dense(num_classes, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.build((None, *backbone.input_shape[1:]))
    return model


# %% right: layer by layer
import keras


def build_classifier(backbone, num_classes):
    [setattr(layer, "trainable", False) for layer in backbone.layers]
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% right: a class of its own, built when it is called
import keras


class Classifier(keras.Model):
    def __init__(self, backbone, num_classes):
        super().__init__()
        self.backbone, self.head = backbone, keras.layers.Dense(num_classes)

    def call(self, images):
        return self.head(self.backbone(images))


def build_classifier(backbone, num_classes):
    backbone.trainable = False
    model = Classifier(backbone, num_classes)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% right: augmentation in front, and a loss of one's own
import keras


def build_classifier(backbone, num_classes):
    backbone.trainable = False
    flip, head = keras.layers.RandomFlip("horizontal"), keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input(backbone.input_shape[1:]), flip, backbone, head])

    def loss(labels, scores):
        return keras.ops.sparse_categorical_crossentropy(labels, scores, from_logits=True)

    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


# %% wrong: not-frozen: nothing frozen
import keras


def build_classifier(backbone, num_classes):
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% wrong: not-frozen: training=False and nothing frozen
# As "functional", but:
backbone.trainable = True

# %% wrong: batchnorm-moves: BatchNorm left trainable
import keras


def build_classifier(backbone, num_classes):
    for layer in backbone.layers:
        layer.trainable = isinstance(layer, keras.layers.BatchNormalization)
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs)))
    for w in [w for layer in backbone.layers for w in layer.trainable_variables]:
        w.trainable = False
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# %% wrong: head-frozen: all frozen
# As "functional", but:
model.trainable = False
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

# %% wrong: not-compiled
import keras


def build_classifier(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs)))
    return model


# %% wrong: wrong-head: one output too many
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes + 1)(backbone(inputs)))


# %% wrong: logits-without-from-logits: the loss by its name
# As "functional", but:
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

# %% wrong: softmax-and-from-logits: softmax, and logits expected
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(backbone(inputs)))

# %% wrong: sigmoid-head: sigmoid, and logits expected
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="sigmoid")(backbone(inputs)))

# %% wrong: sigmoid-head: sigmoid, and the loss by its name
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="sigmoid")(backbone(inputs)))
model.compile("adam", "sparse_categorical_crossentropy")

# %% wrong: relu-head: ReLU, and logits expected
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="relu")(backbone(inputs)))

# %% wrong: scaled-twice: divided by 255 in front of the backbone
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(keras.layers.Rescaling(1 / 255)(inputs))))

# %% wrong: other-preprocessing: from -1 to 1 in front of the backbone
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(keras.layers.Rescaling(1 / 127.5, -1)(inputs))))

# %% wrong: one-hot-loss: categorical cross-entropy
# As "functional", but:
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))

# %% wrong: one-hot-loss: categorical cross-entropy by its name
# As "functional", but:
model.compile("adam", "categorical_crossentropy")

# %% wrong: regression-loss: mean squared error
# As "functional", but:
model.compile("adam", "mse")

# %% wrong: two-class-loss: sigmoid and binary cross-entropy
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="sigmoid")(backbone(inputs)))
model.compile("adam", "binary_crossentropy")

# %% wrong: other-backbone: a copy
# As "functional", but:
model = keras.Model(inputs, keras.layers.Dense(num_classes)(keras.models.clone_model(backbone)(inputs)))

# %% wrong: : a learning rate of zero
# As "functional", but:
model.compile(keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True))

# %% wrong: : a metric that does not take these labels
# As "functional", but:
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=[keras.metrics.CategoricalCrossentropy()])
