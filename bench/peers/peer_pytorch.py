# bench: PyTorch, eager or with torch.compile (a second argument), with all samples in memory and batches selected by index, without a DataLoader.
from serve import serve  # must be the first import: it reserves standard output for the answers

import sys
from functools import partial
from itertools import pairwise
from time import perf_counter

import torch
import torch.nn.functional as F

from problem import TRAININGS, initial, load

COMPILES = sys.argv[2:] == ['compile']

features, labels = (torch.from_numpy(array) for array in load())
labels = labels.long()


def train(training, epochs=None):
    torch.manual_seed(0)
    model = network(training.sizes)
    make = {'sgd': torch.optim.SGD, 'adam': torch.optim.Adam}[training.optimizer]
    optimizer = make(model.parameters(), lr=training.learning_rate)
    loss_of = partial(mean_loss, model)
    if COMPILES:
        # The functions of an earlier call hold its model. The first call compiles, before the clock starts.
        torch._dynamo.reset()
        loss_of = torch.compile(loss_of, dynamic=False)
        loss_of(features[: training.batch_size], labels[: training.batch_size]).backward()
        optimizer.zero_grad()
    start = perf_counter()
    for _ in range(epochs or training.epochs):
        loss = epoch(loss_of, optimizer, training)
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


def mean_loss(model, x, y):
    return F.cross_entropy(model(x), y)


def epoch(loss_of, optimizer, training):
    """The mean loss over the samples, each at the parameters of its step."""
    n = len(labels)
    total = torch.zeros(())
    order = torch.randperm(n) if training.shuffled else None
    for i in range(0, n, training.batch_size):
        batch = slice(i, i + training.batch_size)
        if order is not None:
            batch = order[batch]
        y = labels[batch]
        loss = loss_of(features[batch], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(y)
    return total.item() / n


works = {name: partial(train, training) for name, training in TRAININGS.items() if name == 'mlp' or not COMPILES}
serve(f'PyTorch {torch.__version__.split("+")[0]} {"torch.compile" if COMPILES else "eager"}', works)
