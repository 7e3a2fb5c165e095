# A PyDataset in the manner of the data generator that everybody copies: indexes, shuffled at the end of each epoch.
import keras
import numpy as np
from drawn_data import photos
from keras import layers

images, classes = photos(240, 48, classes=4)
partition = {"train": list(range(190)), "validation": list(range(190, 240))}


class DataGenerator(keras.utils.PyDataset):
    "Generates data for Keras"

    def __init__(self, list_IDs, labels, batch_size=32, dim=(48, 48), n_channels=3, n_classes=4, shuffle=True, augment=False):
        super().__init__()
        self.dim, self.n_channels = dim, n_channels
        self.batch_size = batch_size
        self.labels = labels
        self.list_IDs = list_IDs
        self.n_classes = n_classes
        self.shuffle = shuffle
        self.augment = augment
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size : (index + 1) * self.batch_size]
        return self.__data_generation([self.list_IDs[k] for k in indexes])

    def on_epoch_end(self):
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle:
            np.random.shuffle(self.indexes)

    def __data_generation(self, list_IDs_temp):
        X = np.empty((self.batch_size, *self.dim, self.n_channels))
        y = np.empty((self.batch_size), dtype=int)
        for i, ID in enumerate(list_IDs_temp):
            X[i] = images[ID] / 255.0
            if self.augment and np.random.rand() < 0.5:
                X[i] = X[i, :, ::-1]
            y[i] = self.labels[ID]
        return X, keras.utils.to_categorical(y, num_classes=self.n_classes)


model = keras.Sequential(
    [
        layers.Input((48, 48, 3)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(3),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(4, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
training_generator = DataGenerator(partition["train"], classes, augment=True)
validation_generator = DataGenerator(partition["validation"], classes, batch_size=25, shuffle=False)
model.fit(training_generator, validation_data=validation_generator, epochs=3)
