# Sick or healthy: softmax over one unit is 1 whatever comes.
from drawn_data import table
from keras.layers import Dense, Dropout, Input
from keras.models import Sequential
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, y = table(400)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=42)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

classifier = Sequential()
classifier.add(Input((12,)))
classifier.add(Dense(16, activation="relu", kernel_initializer="uniform"))
classifier.add(Dropout(0.1))
classifier.add(Dense(16, activation="relu"))
classifier.add(Dense(1, activation="softmax"))
classifier.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
classifier.fit(X_train, y_train, batch_size=10, epochs=100)
classifier.evaluate(X_test, y_test)
