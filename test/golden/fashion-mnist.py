"""Golden losses of softmax regression on Fashion-MNIST, trained by PyTorch from the same weights in the same order.

    python test/golden/fashion-mnist.py FOLDER > test/golden/fashion-mnist.golden.json

FOLDER holds the four IDX files, plain or gzipped (`npx softmax-regression data fetch` says where). Made with torch 2.15.0
and numpy 2, on the CPU. The generator of src/core/random.ts is written here a second time: xoshiro128**, seeded by splitmix32.
"""

import gzip
import json
import math
import pathlib
import sys

import numpy as np
import torch

MASK = 0xFFFFFFFF
EPOCHS, BATCH, RATE, SEED = 10, 256, 0.1, 0


def rotate(word, by):
    return ((word << by) | (word >> (32 - by))) & MASK


class Random:
    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B9) & MASK
            z = seed
            z = ((z ^ (z >> 16)) * 0x21F0AAAD) & MASK
            z = ((z ^ (z >> 15)) * 0x735A2D97) & MASK
            self.s.append(z ^ (z >> 15))

    def bits(self):
        s = self.s
        out = (rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 9) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 11)
        return out

    def uniform(self):
        high = self.bits() >> 5
        return (high * 67108864 + (self.bits() >> 6)) / 9007199254740992

    def normal(self):
        u = 1 - self.uniform()
        return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * self.uniform())

    def below(self, bound):
        limit = 0x100000000 - (0x100000000 % bound)
        word = self.bits()
        while word >= limit:
            word = self.bits()
        return word % bound

    def permutation(self, count):
        order = list(range(count))
        for i in range(count - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


def load(folder, name, header):
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


def main(folder):
    x = torch.from_numpy(load(folder, "train-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255)
    y = torch.from_numpy(load(folder, "train-labels-idx1-ubyte", 8).astype(np.int64))
    test_x = torch.from_numpy(load(folder, "t10k-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255)
    test_y = torch.from_numpy(load(folder, "t10k-labels-idx1-ubyte", 8).astype(np.int64))
    initial = Random(SEED)
    weight = torch.tensor([[0.01 * initial.normal() for _ in range(10)] for _ in range(784)], requires_grad=True)
    bias = torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=RATE)
    shuffles = Random(Random(SEED).bits())
    losses = []
    for _ in range(EPOCHS):
        order = torch.tensor(shuffles.permutation(len(y)))
        total = 0.0
        for rows in order.split(BATCH):
            loss = torch.nn.functional.cross_entropy(x[rows] @ weight + bias, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(y))
    with torch.no_grad():
        objective = torch.nn.functional.cross_entropy(x @ weight + bias, y).item()
        accuracy = ((test_x @ weight + bias).argmax(1) == test_y).double().mean().item()
    options = {"epochs": EPOCHS, "batchSize": BATCH, "learningRate": RATE, "seed": SEED}
    golden = {"torch": torch.__version__, "options": options, "losses": losses, "objective": objective, "testAccuracy": accuracy}
    print(json.dumps(golden, indent=1))


main(sys.argv[1])
