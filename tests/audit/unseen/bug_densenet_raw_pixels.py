# Skin lesions with DenseNet121 on pixels as they come from the files; classes are weighted.
import keras
import numpy as np
from drawn_data import photos
from keras.applications import DenseNet121
from keras.layers import BatchNormalization, Dense, Dropout
from keras.models import Sequential
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight

X, y = photos(240, 64, classes=3)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.2, stratify=y, random_state=42)
y_tr_cat, y_va_cat = keras.utils.to_categorical(y_tr, 3), keras.utils.to_categorical(y_va, 3)
weights = dict(enumerate(compute_class_weight("balanced", classes=np.unique(y_tr), y=y_tr)))

densenet = DenseNet121(include_top=False, weights="densenet.weights.h5", input_shape=(64, 64, 3), pooling="avg")
densenet.trainable = False
model = Sequential([densenet, BatchNormalization(), Dropout(0.5), Dense(3, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X_tr, y_tr_cat, validation_data=(X_va, y_va_cat), epochs=10, batch_size=32, class_weight=weights)
