# bench: the problem of all peers: samples, hyperparameters and initial weights.
import sys
from collections import namedtuple
from itertools import pairwise
from pathlib import Path

import numpy as np

Training = namedtuple('Training', 'sizes batch_size optimizer learning_rate shuffled epochs')

TRAININGS = {
    'shuffled': Training([784, 10], 256, 'sgd', 0.1, shuffled=True, epochs=3),
    'in-order': Training([784, 10], 256, 'sgd', 0.1, shuffled=False, epochs=3),
    'mlp': Training([784, 128, 10], 64, 'adam', 0.001, shuffled=True, epochs=1),
}


def load():
    """The images as float32 rows in [0, 1] and their labels as bytes, from the folder in the first argument."""
    folder = Path(sys.argv[1])
    labels = np.fromfile(folder / 'labels.bin', np.uint8)
    features = np.fromfile(folder / 'features.bin', np.uint8).reshape(len(labels), -1)
    return features.astype(np.float32) / np.float32(255), labels


def initial(sizes):
    """Weight and bias of each layer, equal for all peers: 0 for one layer (convex), otherwise Glorot's."""
    random = np.random.default_rng(0)
    layers = []
    for inputs, units in pairwise(sizes):
        limit = 0 if len(sizes) == 2 else np.sqrt(6 / (inputs + units))
        weight = random.uniform(-limit, limit, (inputs, units))
        layers.append((weight.astype(np.float32), np.zeros(units, np.float32)))
    return layers
