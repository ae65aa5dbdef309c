# bench: PyTorch, eager, with all samples in memory and batches selected by index, without a DataLoader.
from serve import serve  # must be the first import: it reserves standard output for the answers

from functools import partial
from itertools import pairwise
from time import perf_counter

import torch
import torch.nn.functional as F

from problem import TRAININGS, initial, load

features, labels = (torch.from_numpy(array) for array in load())
labels = labels.long()


def train(training, epochs=None):
    torch.manual_seed(0)
    model = network(training.sizes)
    make = {'sgd': torch.optim.SGD, 'adam': torch.optim.Adam}[training.optimizer]
    optimizer = make(model.parameters(), lr=training.learning_rate)
    start = perf_counter()
    for _ in range(epochs or training.epochs):
        loss = epoch(model, optimizer, training)
    return {'seconds': perf_counter() - start, 'outcome': loss}


def network(sizes):
    layers = []
    for (inputs, units), (weight, bias) in zip(pairwise(sizes), initial(sizes)):
        linear = torch.nn.Linear(inputs, units)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]) if len(layers) > 2 else layers[0]


def epoch(model, optimizer, training):
    """The mean loss over the samples, each at the parameters of its step."""
    n = len(labels)
    total = torch.zeros(())
    order = torch.randperm(n) if training.shuffled else None
    for i in range(0, n, training.batch_size):
        batch = slice(i, i + training.batch_size)
        if order is not None:
            batch = order[batch]
        y = labels[batch]
        loss = F.cross_entropy(model(features[batch]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(y)
    return total.item() / n


works = {name: partial(train, training) for name, training in TRAININGS.items()}
serve(f'PyTorch {torch.__version__.split("+")[0]} eager', works)
