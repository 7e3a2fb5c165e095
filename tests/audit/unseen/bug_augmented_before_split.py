# Few images, so each is mirrored and turned first; then train_test_split.
import keras
import numpy as np
from drawn_data import photos
from keras import layers
from sklearn.model_selection import train_test_split

data, target = photos(90, 48, classes=3)
augmented_data, augmented_target = [], []
for img, lab in zip(data, target, strict=False):
    augmented_data.append(img)
    augmented_target.append(lab)
    augmented_data.append(np.fliplr(img))
    augmented_target.append(lab)
    augmented_data.append(np.clip(img.astype(int) + 12, 0, 255).astype(np.uint8))
    augmented_target.append(lab)
augmented_data = np.array(augmented_data, dtype="float32") / 255.0
augmented_target = np.array(augmented_target)
X_train, X_test, y_train, y_test = train_test_split(augmented_data, augmented_target, test_size=0.2, random_state=7)

model = keras.Sequential(
    [
        layers.Input(shape=(48, 48, 3)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(3),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=15, validation_data=(X_test, y_test))
