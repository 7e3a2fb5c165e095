# The book's chapter on small image sets, "fine-tuning a pretrained model": the base stays frozen, only the rate is lowered.
import keras
from drawn_data import photo_folder
from keras import layers
from keras.utils import image_dataset_from_directory

train_dataset, validation_dataset, test_dataset = (
    image_dataset_from_directory(photo_folder(count, 64, seed=seed), image_size=(64, 64), batch_size=32)
    for count, seed in ((160, 0), (64, 1), (64, 2))
)

conv_base = keras.applications.MobileNetV2(
    include_top=False, weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3)
)
conv_base.trainable = False


class Augment(layers.Layer):
    def __init__(self):
        super().__init__()
        self.steps = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]

    def call(self, images, training=None):
        for step in self.steps:
            images = step(images, training=training)
        return images


inputs = keras.Input(shape=(64, 64, 3))
x = Augment()(inputs)
x = keras.applications.mobilenet_v2.preprocess_input(x)
x = conv_base(x)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(64)(x)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

callbacks = [keras.callbacks.ModelCheckpoint("feature_extraction.keras", save_best_only=True, monitor="val_loss")]
history = model.fit(train_dataset, epochs=30, validation_data=validation_dataset, callbacks=callbacks)

model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=1e-5), metrics=["accuracy"])
callbacks = [keras.callbacks.ModelCheckpoint("fine_tuning.keras", save_best_only=True, monitor="val_loss")]
history = model.fit(train_dataset, epochs=30, validation_data=validation_dataset, callbacks=callbacks)
test_model = keras.models.load_model("fine_tuning.keras")
test_loss, test_acc = test_model.evaluate(test_dataset)
print(f"Test accuracy: {test_acc:.3f}")
