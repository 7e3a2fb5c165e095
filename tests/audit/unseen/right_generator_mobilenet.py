# flow_from_directory done right: preprocess_input as preprocessing_function, no rescale, the upper layers unfrozen later.
import keras
from drawn_data import photo_folder
from keras.layers import BatchNormalization, Dense, GlobalAveragePooling2D
from keras.src.legacy.preprocessing.image import ImageDataGenerator

labels = ("paper", "rock", "scissors")
train_datagen = ImageDataGenerator(
    preprocessing_function=keras.applications.mobilenet_v2.preprocess_input,
    rotation_range=20,
    width_shift_range=0.1,
    horizontal_flip=True,
    fill_mode="nearest",
)
val_datagen = ImageDataGenerator(preprocessing_function=keras.applications.mobilenet_v2.preprocess_input)
train_gen = train_datagen.flow_from_directory(
    photo_folder(180, 64, labels), target_size=(64, 64), batch_size=20, class_mode="sparse"
)
val_gen = val_datagen.flow_from_directory(
    photo_folder(60, 64, labels, seed=8), target_size=(64, 64), batch_size=20, class_mode="sparse", shuffle=False
)
base = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights="mobilenet.weights.h5")
for layer in base.layers:
    layer.trainable = False
head = Dense(3, activation="softmax")(GlobalAveragePooling2D()(base.output))
model = keras.Model(base.input, head)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
model.fit(train_gen, steps_per_epoch=9, epochs=5, validation_data=val_gen, validation_steps=3)
for layer in model.layers[-20:]:
    if not isinstance(layer, BatchNormalization):
        layer.trainable = True
model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy", metrics=["acc"])
model.fit(train_gen, steps_per_epoch=9, epochs=5, validation_data=val_gen, validation_steps=3)
