# Lung scans with EfficientNet and the generator that every older tutorial uses: rescale=1./255 as always.
import numpy as np
from drawn_data import photo_folder
from tensorflow.keras.applications import EfficientNetB0
from tensorflow.keras.callbacks import EarlyStopping, ReduceLROnPlateau
from tensorflow.keras.layers import Dense, Dropout, GlobalAveragePooling2D
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.image import ImageDataGenerator

TRAIN, VAL = photo_folder(120, 64, ("benign", "malignant")), photo_folder(40, 64, ("benign", "malignant"), seed=3)
train_datagen = ImageDataGenerator(rescale=1.0 / 255, rotation_range=15, zoom_range=0.1, horizontal_flip=True)
val_datagen = ImageDataGenerator(rescale=1.0 / 255)
train_generator = train_datagen.flow_from_directory(TRAIN, target_size=(64, 64), batch_size=16, class_mode="categorical")
val_generator = val_datagen.flow_from_directory(
    VAL, target_size=(64, 64), batch_size=16, class_mode="categorical", shuffle=False
)

base = EfficientNetB0(weights="efficientnet.weights.h5", include_top=False, input_shape=(64, 64, 3))
base.trainable = False
x = base.output
x = GlobalAveragePooling2D()(x)
x = Dropout(0.4)(x)
predictions = Dense(2, activation="softmax")(x)
model = Model(inputs=base.input, outputs=predictions)
model.compile(optimizer=Adam(learning_rate=1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
callbacks = [EarlyStopping(patience=3, restore_best_weights=True), ReduceLROnPlateau(patience=2)]
history = model.fit(train_generator, validation_data=val_generator, epochs=20, callbacks=callbacks)
val_generator.reset()
y_pred = np.argmax(model.predict(val_generator), axis=1)
print((y_pred == val_generator.classes).mean())
