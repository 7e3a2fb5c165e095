# Flowers after the book's recipe: freeze, SGD, then layers[56:] unfrozen; augmentation is built and forgotten.
import keras
import tensorflow as tf
from drawn_data import photo_folder

batch_size = 16
classes = ("daisy", "roses", "tulips")
folder, valid_folder, test_folder = (photo_folder(n, 64, classes, seed=s) for n, s in ((180, 0), (48, 1), (48, 2)))
load = keras.utils.image_dataset_from_directory
train_set_raw = load(folder, image_size=(72, 72), batch_size=None)
valid_set_raw = load(valid_folder, image_size=(72, 72), batch_size=None, shuffle=False)
test_set_raw = load(test_folder, image_size=(72, 72), batch_size=None, shuffle=False)

tf.keras.backend.clear_session()
preprocess = tf.keras.Sequential(
    [
        tf.keras.layers.Resizing(height=64, width=64, crop_to_aspect_ratio=True),
        tf.keras.layers.Lambda(tf.keras.applications.mobilenet_v2.preprocess_input),
    ]
)
train_set = train_set_raw.map(lambda X, y: (preprocess(X), y))
train_set = train_set.shuffle(1000, seed=42).batch(batch_size).prefetch(1)
valid_set = valid_set_raw.map(lambda X, y: (preprocess(X), y)).batch(batch_size)
test_set = test_set_raw.map(lambda X, y: (preprocess(X), y)).batch(batch_size)

data_augmentation = tf.keras.Sequential(
    [
        tf.keras.layers.RandomFlip(mode="horizontal", seed=42),
        tf.keras.layers.RandomRotation(factor=0.05, seed=42),
        tf.keras.layers.RandomContrast(factor=0.2, seed=42),
    ]
)

base_model = tf.keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3), include_top=False
)
avg = tf.keras.layers.GlobalAveragePooling2D()(base_model.output)
output = tf.keras.layers.Dense(len(classes), activation="softmax")(avg)
model = tf.keras.Model(inputs=base_model.input, outputs=output)
for layer in base_model.layers:
    layer.trainable = False
optimizer = tf.keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)
model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
history = model.fit(train_set, validation_data=valid_set, epochs=3)

for layer in base_model.layers[56:]:
    layer.trainable = True
optimizer = tf.keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
history = model.fit(train_set, validation_data=valid_set, epochs=10)
print(model.evaluate(test_set))
