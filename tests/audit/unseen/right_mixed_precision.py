# Mixed precision with a softmax in float32, EfficientNet fed with what it wants, labels from an integer loader.
import keras
from drawn_data import photo_folder
from keras import layers, mixed_precision

mixed_precision.set_global_policy("mixed_float16")
try:
    names = ("apple_pie", "bibimbap", "ceviche")
    train_data = keras.utils.image_dataset_from_directory(photo_folder(120, 64, names), image_size=(64, 64), batch_size=16)
    test_data = keras.utils.image_dataset_from_directory(
        photo_folder(48, 64, names, seed=6), image_size=(64, 64), batch_size=16, shuffle=False
    )
    base_model = keras.applications.EfficientNetB0(
        include_top=False, weights="efficientnet.weights.h5", input_shape=(64, 64, 3)
    )
    base_model.trainable = False
    inputs = layers.Input(shape=(64, 64, 3), name="input_layer", dtype="float16")
    x = base_model(inputs, training=False)
    x = layers.GlobalAveragePooling2D(name="pooling_layer")(x)
    x = layers.Dense(3)(x)
    outputs = layers.Activation("softmax", dtype="float32", name="softmax_float32")(x)
    model = keras.Model(inputs, outputs)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
    model.fit(train_data, epochs=3)
    model.evaluate(test_data)
finally:
    mixed_precision.set_global_policy("float32")
