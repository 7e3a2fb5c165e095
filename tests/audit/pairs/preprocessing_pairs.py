"""Programs that feed a backbone wrongly, each beside the same program that does it right."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import tlcourse
from tests.audit.small_world import application, drawn_images


# 1. A tutorial with EfficientNet: "always divide by 255". EfficientNet rescales by itself.
def efficientnet_divided(scale=255.0):
    x, y = drawn_images(24, side=64)
    train = tf.data.Dataset.from_tensor_slices((x, y))
    train = train.map(lambda image, label: (tf.cast(image, tf.float32) / scale, label)).shuffle(48).batch(16)
    base_model = application("EfficientNetB0", side=64)
    base_model.trainable = False
    inputs = layers.Input(shape=(64, 64, 3), name="input_layer")
    x = base_model(inputs, training=False)
    x = layers.GlobalAveragePooling2D(name="global_average_pooling_layer")(x)
    outputs = layers.Dense(3, activation="softmax", name="output_layer")(x)
    model_0 = keras.Model(inputs, outputs)
    model_0.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
    return {"model": model_0, "train": train}


def efficientnet_as_loaded():
    return efficientnet_divided(scale=1.0)


# 2. preprocess_input in the pipeline and Rescaling in the model.
def mobilenet_twice(preprocess=keras.applications.mobilenet_v2.preprocess_input):
    images, labels = drawn_images(24, side=64)
    images = preprocess(images.astype("float32"))
    base = application("MobileNetV2", side=64, alpha=0.35)
    base.trainable = False
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Rescaling(1.0 / 127.5, offset=-1),
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.2),
            layers.Dense(3),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": (images, labels)}


def mobilenet_once():
    return mobilenet_twice(preprocess=lambda images: images)


# 3. Nothing scaled at all, a flat model built on base.output, as in many notebooks.
def vgg_raw(preprocess=lambda images: images):
    X_train, y_train = drawn_images(24, side=64, classes=2)
    X_train = preprocess(X_train.astype(np.float32))
    vgg = application("VGG16", side=64, until="block3_pool")
    for layer in vgg.layers:
        layer.trainable = False
    x = layers.Flatten()(vgg.output)
    prediction = layers.Dense(2, activation="softmax")(x)
    model = keras.models.Model(inputs=vgg.input, outputs=prediction)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return {"model": model, "train": (X_train, keras.utils.to_categorical(y_train))}


def vgg_preprocessed():
    return vgg_raw(keras.applications.vgg16.preprocess_input)


# 4. Mean of ImageNet subtracted by hand, in the wrong order of channels.
def vgg_rgb_means(order=(123.68, 116.779, 103.939), flip=False):
    class Preprocess(layers.Layer):
        def call(self, images):
            images = keras.ops.cast(images, "float32")
            return (images[..., ::-1] if flip else images) - keras.ops.convert_to_tensor(order)

    images, labels = drawn_images(64, side=64)
    backbone = application("VGG16", side=64, until="block3_pool")
    backbone.trainable = False
    net_in = keras.Input(shape=(64, 64, 3))
    net = layers.GlobalAveragePooling2D()(backbone(Preprocess()(net_in)))
    net = keras.Model(net_in, layers.Dense(3, activation="softmax")(net))
    net.compile(optimizer=keras.optimizers.SGD(0.01), loss=keras.losses.SparseCategoricalCrossentropy())
    return {"model": net, "train": tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)}


def vgg_bgr_means():
    return vgg_rgb_means(order=(103.939, 116.779, 123.68), flip=True)


# 5. A Keras backbone that wants -1..1 gets 0..1 (ImageDataGenerator(rescale=1/255) of old notebooks), subclassed model.
def mobilenet_zero_to_one(low=0.0, high=1.0):
    class Classifier(keras.Model):
        def __init__(self, extractor, n):
            super().__init__()
            self.extractor, self.pool, self.out = extractor, layers.GlobalAveragePooling2D(), layers.Dense(n)

        def call(self, images, training=False):
            return self.out(self.pool(self.extractor(images, training=False)))

    x, y = drawn_images(24, side=64)
    x = low + (high - low) * x.astype("float32") / 255
    extractor = application("MobileNet", side=64, alpha=0.25)
    extractor.trainable = False
    model = Classifier(extractor, 3)
    model.compile(optimizer="rmsprop", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": (x, y)}


def mobilenet_minus_one_to_one():
    return mobilenet_zero_to_one(-1.0, 1.0)


# 6. The package's own backbone takes raw pixels; here they come divided, from a PyDataset.
class Sequence(keras.utils.PyDataset):
    def __init__(self, x, y, factor):
        super().__init__()
        self.x, self.y, self.factor = x, y, factor

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(12 * index, 12 * (index + 1))
        return self.x[rows] * self.factor, self.y[rows]


def own_backbone_divided(factor=1 / 255):
    images, labels = drawn_images(24, side=64)
    backbone = tlcourse.load_backbone("tiny_resnet", input_shape=(64, 64, 3), pooling="avg")
    tlcourse.freeze(backbone)
    model = keras.Sequential([backbone, layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return {"model": model, "train": Sequence(images.astype("float32"), labels, factor)}


def own_backbone_raw():
    return own_backbone_divided(factor=1.0)


# 7. Small images straight into a backbone that was trained at 224 pixels.
def cifar_as_it_is(enlarge=1):
    x, y = drawn_images(48)
    base = application("MobileNetV2", side=32 * enlarge, alpha=0.35)
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    h = layers.UpSampling2D(enlarge, interpolation="bilinear")(inputs) if enlarge > 1 else inputs
    h = base(keras.applications.mobilenet_v2.preprocess_input(h), training=False)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.GlobalMaxPooling2D()(h)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": (x.astype("float32"), y)}


def cifar_enlarged():
    return cifar_as_it_is(enlarge=3)


# 8. A network of one's own that was trained on 0..1, as every course on Keras says; later it gets the images as loaded.
def own_network_raw(scale=1.0, trained_on=1 / 255):
    x, y = drawn_images(96)
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(16, 3, strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
        ],
        name="my_network",
    )
    pretrain = keras.Sequential([network, layers.Dense(3, activation="softmax")])
    pretrain.compile("adam", "sparse_categorical_crossentropy")
    pretrain.fit(trained_on * x.astype("float32"), y, batch_size=16, epochs=8, verbose=0)
    network.trainable = False
    model = keras.Sequential([network, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": (scale * x.astype("float32"), y)}


def own_network_scaled():
    return own_network_raw(scale=1 / 255)


# 9. The other way round, a functional model without a nested one: trained on raw pixels, the pipeline divides.
def flat_network_divided(scale=1 / 255):
    x, y = drawn_images(96)
    inputs = keras.Input((32, 32, 3))
    h = layers.BatchNormalization()(inputs)
    h = layers.Conv2D(8, 3, activation="relu")(h)
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(h)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x.astype("float32"), y, batch_size=16, epochs=5, verbose=0)
    return {"model": model, "train": tf.data.Dataset.from_tensor_slices((scale * x.astype("float32"), y)).batch(16)}


def flat_network_raw():
    return flat_network_divided(scale=1.0)


PAIRS = [
    ("input-size", cifar_as_it_is, cifar_enlarged),
    ("preprocessing", efficientnet_divided, efficientnet_as_loaded),
    ("preprocessing", mobilenet_twice, mobilenet_once),
    ("preprocessing", vgg_raw, vgg_preprocessed),
    ("preprocessing", vgg_rgb_means, vgg_bgr_means),
    ("preprocessing", mobilenet_zero_to_one, mobilenet_minus_one_to_one),
    ("preprocessing", own_backbone_divided, own_backbone_raw),
    ("preprocessing", own_network_raw, own_network_scaled),
    ("preprocessing", flat_network_divided, flat_network_raw),
]
