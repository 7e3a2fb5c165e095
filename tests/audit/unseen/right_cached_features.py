# Features once, then a small network on them: the book's fast way, without augmentation.
import keras
import numpy as np
from drawn_data import photo_folder
from keras import layers
from keras.utils import image_dataset_from_directory

kinds = ("ant", "bee", "wasp")
train_dataset, validation_dataset, test_dataset = (
    image_dataset_from_directory(photo_folder(count, 64, kinds, seed=seed), image_size=(64, 64), batch_size=32)
    for count, seed in ((180, 0), (60, 1), (60, 2))
)
conv_base = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, include_top=False, input_shape=(64, 64, 3)
)


def get_features_and_labels(dataset):
    all_features = []
    all_labels = []
    for images, labels in dataset:
        preprocessed_images = keras.applications.mobilenet_v2.preprocess_input(images)
        features = conv_base.predict(preprocessed_images, verbose=0)
        all_features.append(features)
        all_labels.append(labels)
    return np.concatenate(all_features), np.concatenate(all_labels)


train_features, train_labels = get_features_and_labels(train_dataset)
val_features, val_labels = get_features_and_labels(validation_dataset)
test_features, test_labels = get_features_and_labels(test_dataset)

inputs = keras.Input(shape=train_features.shape[1:])
x = layers.GlobalAveragePooling2D()(inputs)
x = layers.Dense(32, activation="relu")(x)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(3, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
callbacks = [keras.callbacks.ModelCheckpoint(filepath="features.keras", save_best_only=True, monitor="val_loss")]
history = model.fit(train_features, train_labels, epochs=20, validation_data=(val_features, val_labels), callbacks=callbacks)
model.evaluate(test_features, test_labels)
