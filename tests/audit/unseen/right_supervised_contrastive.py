# An encoder is trained to pull equal classes together; then it is frozen, and a classifier is trained on it.
import keras
import numpy as np
from drawn_data import photos
from keras import layers, ops

x_train, y_train = photos(256, 32, classes=4)
x_test, y_test = photos(80, 32, classes=4, seed=1)
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
augmentation = keras.Sequential([layers.Normalization(), layers.RandomFlip("horizontal"), layers.RandomRotation(0.02)])
augmentation.layers[0].adapt(x_train)


def create_encoder():
    inputs = keras.Input(shape=(32, 32, 3))
    h = augmentation(inputs)
    for filters in (16, 32):
        h = layers.Conv2D(filters, 3, strides=2, padding="same")(h)
        h = layers.BatchNormalization()(h)
        h = layers.ReLU()(h)
    return keras.Model(inputs=inputs, outputs=layers.GlobalAveragePooling2D()(h), name="encoder")


class SupervisedContrastiveLoss(keras.losses.Loss):
    def __init__(self, temperature=1, name=None):
        super().__init__(name=name)
        self.temperature = temperature

    def __call__(self, labels, feature_vectors, sample_weight=None):
        feature_vectors = keras.utils.normalize(feature_vectors, axis=1, order=2)
        logits = ops.divide(ops.matmul(feature_vectors, ops.transpose(feature_vectors)), self.temperature)
        labels = ops.reshape(labels, (-1, 1))
        same = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32")
        return -ops.mean(ops.sum(same * ops.log_softmax(logits, axis=1), axis=1) / ops.sum(same, axis=1))


def create_classifier(encoder, trainable=True):
    for layer in encoder.layers:
        layer.trainable = trainable
    inputs = keras.Input(shape=(32, 32, 3))
    features = encoder(inputs)
    features = layers.Dropout(0.5)(features)
    features = layers.Dense(32, activation="relu")(features)
    outputs = layers.Dense(4, activation="softmax")(layers.Dropout(0.5)(features))
    model = keras.Model(inputs=inputs, outputs=outputs, name="classifier")
    model.compile(
        optimizer=keras.optimizers.Adam(0.001),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


encoder = create_encoder()
inputs = keras.Input(shape=(32, 32, 3))
encoder_with_projection_head = keras.Model(inputs, layers.Dense(32, activation="relu")(encoder(inputs)), name="projection")
encoder_with_projection_head.compile(optimizer=keras.optimizers.Adam(0.001), loss=SupervisedContrastiveLoss(0.05))
encoder_with_projection_head.fit(x=x_train, y=y_train, batch_size=64, epochs=50)
classifier = create_classifier(encoder, trainable=False)
classifier.fit(x=x_train, y=y_train, batch_size=64, epochs=50)
accuracy = classifier.evaluate(x_test, y_test)[1]
print(f"Test accuracy: {np.round(accuracy * 100, 2)}%")
