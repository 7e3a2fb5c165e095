# The image tutorial: the validation folder has no test set beside it, so a fifth of its batches is taken for testing.
import keras
import tensorflow as tf
from drawn_data import photo_folder

BATCH_SIZE = 16
IMG_SIZE = (64, 64)
train_dir = photo_folder(160, 64, names=("cats", "dogs"))
validation_dir = photo_folder(100, 64, names=("cats", "dogs"), seed=5)
train_dataset = keras.utils.image_dataset_from_directory(train_dir, shuffle=True, batch_size=BATCH_SIZE, image_size=IMG_SIZE)
validation_dataset = keras.utils.image_dataset_from_directory(
    validation_dir, shuffle=True, batch_size=BATCH_SIZE, image_size=IMG_SIZE
)
class_names = train_dataset.class_names

val_batches = tf.data.experimental.cardinality(validation_dataset)
test_dataset = validation_dataset.take(val_batches // 3)
validation_dataset = validation_dataset.skip(val_batches // 3)

AUTOTUNE = tf.data.AUTOTUNE
train_dataset = train_dataset.prefetch(buffer_size=AUTOTUNE)
validation_dataset = validation_dataset.prefetch(buffer_size=AUTOTUNE)
test_dataset = test_dataset.prefetch(buffer_size=AUTOTUNE)

data_augmentation = tf.keras.Sequential([tf.keras.layers.RandomFlip("horizontal"), tf.keras.layers.RandomRotation(0.2)])
preprocess_input = tf.keras.applications.mobilenet_v2.preprocess_input
base_model = tf.keras.applications.MobileNetV2(
    input_shape=(*IMG_SIZE, 3), alpha=0.35, include_top=False, weights="mobilenet.weights.h5"
)
image_batch, label_batch = next(iter(train_dataset))
feature_batch = base_model(image_batch)
print(feature_batch.shape)
base_model.trainable = False
global_average_layer = tf.keras.layers.GlobalAveragePooling2D()
prediction_layer = tf.keras.layers.Dense(1, activation="sigmoid")

inputs = tf.keras.Input(shape=(64, 64, 3))
x = data_augmentation(inputs)
x = preprocess_input(x)
x = base_model(x, training=False)
x = global_average_layer(x)
x = tf.keras.layers.Dropout(0.2)(x)
outputs = prediction_layer(x)
model = tf.keras.Model(inputs, outputs)
base_learning_rate = 0.0001
model.compile(
    optimizer=tf.keras.optimizers.Adam(learning_rate=base_learning_rate),
    loss=tf.keras.losses.BinaryCrossentropy(),
    metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.5, name="accuracy")],
)
loss0, accuracy0 = model.evaluate(validation_dataset)
print(f"initial loss: {loss0:.2f}, initial accuracy: {accuracy0:.2f}")
history = model.fit(train_dataset, epochs=10, validation_data=validation_dataset)
acc, val_acc = history.history["accuracy"], history.history["val_accuracy"]
loss, accuracy = model.evaluate(test_dataset)
print("Test accuracy :", accuracy)
