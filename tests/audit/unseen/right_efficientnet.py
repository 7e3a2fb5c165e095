# EfficientNet: from scratch first, then with weights from a file: frozen, and its upper part fine-tuned.
import keras
from drawn_data import photos
from keras import layers
from keras.applications import EfficientNetB0

SIDE, CLASSES = 64, 3
x_train, y_train = photos(96, SIDE, CLASSES)
x_test, y_test = photos(48, SIDE, CLASSES, seed=1)
y_train, y_test = keras.utils.to_categorical(y_train), keras.utils.to_categorical(y_test)

scratch = EfficientNetB0(include_top=True, weights=None, classes=CLASSES, input_shape=(SIDE, SIDE, 3))
scratch.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
scratch.fit(x_train, y_train, epochs=40, batch_size=16, validation_data=(x_test, y_test))


def build_model(num_classes):
    inputs = layers.Input(shape=(SIDE, SIDE, 3))
    model = EfficientNetB0(include_top=False, input_tensor=inputs, weights="efficientnet.weights.h5")
    model.trainable = False
    x = layers.GlobalAveragePooling2D(name="avg_pool")(model.output)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.2, name="top_dropout")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="pred")(x)
    model = keras.Model(inputs, outputs, name="EfficientNet")
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = build_model(CLASSES)
model.fit(x_train, y_train, epochs=25, batch_size=16, validation_data=(x_test, y_test))
for layer in model.layers[-20:]:
    if not isinstance(layer, layers.BatchNormalization):
        layer.trainable = True
model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-5), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=4, batch_size=16, validation_data=(x_test, y_test))
