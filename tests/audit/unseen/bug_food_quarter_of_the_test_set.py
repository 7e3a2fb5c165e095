# Ten kinds of food, a quarter of the test batches looked at after each epoch, and the whole of them at the end.
import tensorflow as tf
from drawn_data import photo_folder

FOOD = ("pizza", "ramen", "steak", "sushi")
train_dir, test_dir = photo_folder(160, 64, FOOD), photo_folder(120, 64, FOOD, seed=9)
IMG_SIZE = (64, 64)
train_data = tf.keras.preprocessing.image_dataset_from_directory(
    directory=train_dir, image_size=IMG_SIZE, label_mode="categorical", batch_size=16
)
test_data = tf.keras.preprocessing.image_dataset_from_directory(
    directory=test_dir, image_size=IMG_SIZE, label_mode="categorical", batch_size=16
)

data_augmentation = tf.keras.models.Sequential(
    [
        tf.keras.layers.RandomFlip("horizontal"),
        tf.keras.layers.RandomZoom(0.2),
    ],
    name="data_augmentation",
)
base_model = tf.keras.applications.EfficientNetB0(include_top=False, weights="efficientnet.weights.h5", input_shape=(64, 64, 3))
base_model.trainable = False
inputs = tf.keras.layers.Input(shape=(64, 64, 3), name="input_layer")
x = data_augmentation(inputs)
x = base_model(x, training=False)
x = tf.keras.layers.GlobalAveragePooling2D(name="global_average_pooling")(x)
outputs = tf.keras.layers.Dense(len(train_data.class_names), activation="softmax", name="output_layer")(x)
model_1 = tf.keras.Model(inputs, outputs)
model_1.compile(loss="categorical_crossentropy", optimizer=tf.keras.optimizers.Adam(), metrics=["accuracy"])
checkpoint_path = "ten_percent_model_checkpoints_weights/checkpoint.weights.h5"
checkpoint_callback = tf.keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, save_weights_only=True, save_best_only=False)
history_1 = model_1.fit(
    train_data,
    epochs=5,
    steps_per_epoch=len(train_data),
    validation_data=test_data,
    validation_steps=int(0.25 * len(test_data)),
    callbacks=[checkpoint_callback],
)
model_1.load_weights(checkpoint_path)
results = model_1.evaluate(test_data)
