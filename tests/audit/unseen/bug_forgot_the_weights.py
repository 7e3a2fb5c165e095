# "Transfer learning" with weights=None, because the download was blocked.
import keras
from drawn_data import photos
from keras import layers

x, y = photos(160, 64, classes=2)
base_model = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights=None)
base_model.trainable = False
model = keras.models.Sequential(
    [
        layers.Lambda(keras.applications.mobilenet_v2.preprocess_input, input_shape=(64, 64, 3)),
        base_model,
        layers.GlobalAveragePooling2D(),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, validation_split=0.2, epochs=10)
