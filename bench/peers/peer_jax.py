# bench: JAX and Optax. One epoch is one compiled function: permutation, scan over the batches, the short last batch.
from serve import serve  # must be the first import: it reserves standard output for the answers

from functools import cache, partial
from time import perf_counter

import jax
import jax.numpy as jnp
import optax

from problem import TRAININGS, initial, load

features, labels = (jnp.asarray(array) for array in load())
labels = labels.astype(jnp.int32)


def train(name, epochs=None):
    training = TRAININGS[name]
    epoch, parameters, state = compiled(name)
    keys = jax.random.split(jax.random.key(0), epochs or training.epochs)
    keys = jax.block_until_ready(list(keys))
    start = perf_counter()
    for key in keys:
        parameters, state, loss = epoch(parameters, state, key, features, labels)
    loss = loss.item()
    jax.block_until_ready(parameters)
    return {'seconds': perf_counter() - start, 'outcome': loss}


@cache
def compiled(name):
    """The compiled epoch, the initial parameters and the initial state of the optimizer."""
    training = TRAININGS[name]
    optimizer = {'sgd': optax.sgd, 'adam': optax.adam}[training.optimizer](training.learning_rate)
    parameters = jax.tree.map(jnp.asarray, initial(training.sizes))
    state = optimizer.init(parameters)
    epoch = jax.jit(partial(run_epoch, training, optimizer))
    return epoch.lower(parameters, state, jax.random.key(0), features, labels).compile(), parameters, state


def run_epoch(training, optimizer, parameters, state, key, features, labels):
    """Parameters, state, and the mean loss over the samples, each at the parameters of its step."""
    n, size = len(labels), training.batch_size
    steps, whole = n // size, n - n % size

    def step(carry, batch):
        parameters, state, total = carry
        x, y = batch
        loss, gradient = jax.value_and_grad(mean_loss)(parameters, x, y)
        updates, state = optimizer.update(gradient, state, parameters)
        return (optax.apply_updates(parameters, updates), state, total + loss * len(y)), None

    carry = (parameters, state, jnp.float32(0))
    if training.shuffled:
        order = jax.random.permutation(key, n)
        pick = lambda indices: (features[indices], labels[indices])
        carry, _ = jax.lax.scan(lambda c, i: step(c, pick(i)), carry, order[:whole].reshape(steps, size))
        last = pick(order[whole:])
    else:
        batches = features[:whole].reshape(steps, size, -1), labels[:whole].reshape(steps, size)
        carry, _ = jax.lax.scan(step, carry, batches)
        last = features[whole:], labels[whole:]
    if whole < n:
        carry, _ = step(carry, last)
    parameters, state, total = carry
    return parameters, state, total / n


def mean_loss(parameters, x, y):
    *hidden, (weight, bias) = parameters
    for w, b in hidden:
        x = jax.nn.relu(x @ w + b)
    return optax.softmax_cross_entropy_with_integer_labels(x @ weight + bias, y).mean()


works = {name: partial(train, name) for name in TRAININGS}
serve(f'JAX {jax.__version__} jit', works)
