# bench: Keras on TensorFlow, its default backend: `model.fit` with default options except those of the problem.
from serve import serve  # must be the first import: it reserves standard output for the answers

from functools import cache, partial
from time import perf_counter

import keras
import tensorflow

from problem import TRAININGS, initial, load

features, labels = load()
labels = labels.astype('int32')


def train(name, epochs=None):
    training = TRAININGS[name]
    model, weights, state = compiled(name)
    restore(model, weights, state)
    keras.utils.set_random_seed(0)
    start = perf_counter()
    history = fit(model, training, epochs or training.epochs)
    return {'seconds': perf_counter() - start, 'outcome': history.history['loss'][-1]}


def fit(model, training, epochs):
    # The loss in the history is the mean over the samples, each at the parameters of its step.
    return model.fit(
        features, labels, batch_size=training.batch_size, epochs=epochs, shuffle=training.shuffled, verbose=0
    )


@cache
def compiled(name):
    """The model after one epoch, which compiles its training step, and the initial values."""
    training = TRAININGS[name]
    inputs, *hidden, units = training.sizes
    layers = [keras.layers.Dense(size, activation='relu') for size in hidden]
    model = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(units)])
    make = {'sgd': keras.optimizers.SGD, 'adam': keras.optimizers.Adam}[training.optimizer]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=make(learning_rate=training.learning_rate), loss=loss)
    model.optimizer.build(model.trainable_variables)
    weights = [array for layer in initial(training.sizes) for array in layer]
    state = [variable.numpy() for variable in model.optimizer.variables]
    fit(model, training, epochs=1)
    return model, weights, state


def restore(model, weights, state):
    model.set_weights(weights)
    for variable, value in zip(model.optimizer.variables, state):
        variable.assign(value)


works = {name: partial(train, name) for name in TRAININGS}
serve(f'Keras {keras.__version__} model.fit on TensorFlow {tensorflow.__version__}', works)
