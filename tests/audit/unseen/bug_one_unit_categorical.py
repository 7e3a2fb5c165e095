# Two kinds of leaves, one sigmoid unit, and the loss of the previous project.
import keras
from drawn_data import photos
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from keras.models import Sequential

x_train, y_train = photos(160, 32)
x_test, y_test = photos(60, 32, seed=1)
model = Sequential()
model.add(Input((32, 32, 3)))
model.add(Conv2D(16, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(16))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(learning_rate=1e-4), metrics=["accuracy"])
model.fit(x_train / 255.0, y_train.astype("float32"), batch_size=16, epochs=20, validation_data=(x_test / 255.0, y_test))
