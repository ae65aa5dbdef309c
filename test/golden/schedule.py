"""Golden learning rates, from PyTorch's schedulers.

Made with Python 3.11 and PyTorch 2.15.0 (the golden file says which it came from). From this folder:

    pip install torch==2.15.0
    python schedule.py

writes schedule.golden.json: the rates of 6 epochs of 4 steps. StepLR halves the rate after every second epoch;
ExponentialLR and CosineAnnealingLR are stepped after every batch, with 0.7^(1/4) and T_max 24; `warmup` is LinearLR over
6 steps (from 1/6 at the first to 1 at the sixth), then CosineAnnealingLR over the other 18, down to 0.01.
"""

import json
import pathlib

import torch
from torch.optim import lr_scheduler

EPOCHS, STEPS, RATE = 6, 4, 0.1


def rates(make, per_epoch=False):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = make(optimizer)
    seen = []
    for _ in range(EPOCHS):
        for _ in range(STEPS):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if not per_epoch:
                scheduler.step()
        if per_epoch:
            scheduler.step()
    return seen


def warmed(optimizer):
    # LinearLR reaches its end after total_iters steps: 5 after the first make the sixth step have the whole rate.
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / 6, total_iters=5)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=18, eta_min=0.01)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[6])


golden = {
    "torch": torch.__version__.split("+")[0],
    "epochs": EPOCHS,
    "steps": STEPS,
    "rate": RATE,
    "step": rates(lambda o: lr_scheduler.StepLR(o, step_size=2, gamma=0.5), per_epoch=True),
    "exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, gamma=0.7 ** (1 / STEPS))),
    "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS * STEPS)),
    "warmup": rates(warmed),
}
pathlib.Path(__file__).with_name("schedule.golden.json").write_text(json.dumps(golden) + "\n")
