# X-rays with ImageDataGenerator: rescale=1/255 for a network that was trained on -1..1.
from drawn_data import photo_folder
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.layers import Dense, GlobalAveragePooling2D
from tensorflow.keras.models import Model
from tensorflow.keras.preprocessing.image import ImageDataGenerator

train_dir = photo_folder(120, 64, ("NORMAL", "PNEUMONIA"), sub="train")
val_dir = photo_folder(40, 64, ("NORMAL", "PNEUMONIA"), seed=1, sub="val")

train_gen = ImageDataGenerator(rescale=1.0 / 255, rotation_range=10, zoom_range=0.1, horizontal_flip=True)
val_gen = ImageDataGenerator(rescale=1.0 / 255)
train = train_gen.flow_from_directory(train_dir, target_size=(64, 64), batch_size=16, class_mode="categorical")
val = val_gen.flow_from_directory(val_dir, target_size=(64, 64), batch_size=16, class_mode="categorical", shuffle=False)

base = MobileNetV2(weights="mobilenet.weights.h5", alpha=0.35, include_top=False, input_shape=(64, 64, 3))
for layer in base.layers:
    layer.trainable = False
x = GlobalAveragePooling2D()(base.output)
x = Dense(64, activation="relu")(x)
model = Model(base.input, Dense(2, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=5, validation_data=val)
