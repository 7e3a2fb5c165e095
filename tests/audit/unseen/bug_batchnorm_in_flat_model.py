# Fine-tuning from a layer on, in one flat model: statistics of all BatchNormalization layers go on moving.
import keras
from drawn_data import photos
from keras import layers

x, y = photos(120, 64, classes=3)
xv, yv = photos(40, 64, classes=3, seed=1)
preprocess = keras.applications.mobilenet_v2.preprocess_input
x, xv = preprocess(x.astype("float32")), preprocess(xv.astype("float32"))

conv_base = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, include_top=False, input_shape=(64, 64, 3)
)
features = layers.GlobalAveragePooling2D()(conv_base.output)
model = keras.Model(conv_base.input, layers.Dense(3, activation="softmax")(features))

set_trainable = False
for layer in model.layers:
    if layer.name == "block_13_expand":
        set_trainable = True
    if not isinstance(layer, layers.BatchNormalization):
        layer.trainable = set_trainable
model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=1e-5), loss="sparse_categorical_crossentropy", metrics=["acc"])
model.fit(x, y, batch_size=20, epochs=3, validation_data=(xv, yv))
