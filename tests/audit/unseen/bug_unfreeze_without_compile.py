# Two phases in one function; the second forgets to compile.
import keras
from drawn_data import photos
from keras import layers

x, y = photos(160, 64, classes=4)
x_val, y_val = photos(60, 64, classes=4, seed=1)


def build(num_classes):
    base = keras.applications.MobileNetV2(
        input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights="mobilenet.weights.h5"
    )
    base.trainable = False
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(num_classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, base


def main():
    model, base = build(4)
    model.fit(x, y, epochs=5, batch_size=32, validation_data=(x_val, y_val))
    base.trainable = True
    for layer in base.layers[:-30]:
        layer.trainable = False
    print("trainable weights:", len(model.trainable_weights))
    model.optimizer.learning_rate = 1e-5
    model.fit(x, y, epochs=5, batch_size=32, validation_data=(x_val, y_val))


if __name__ == "__main__":
    main()
