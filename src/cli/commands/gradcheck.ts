// cli: softmax-regression gradcheck.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import type { GradcheckResult } from '../../gradcheck.js';
import { print, printJson } from '../terminal.js';
import { backendOption, integer, jsonOption } from '../usage.js';

interface Options {
  readonly backend?: BackendName;
  readonly inputs: number;
  readonly units: number;
  readonly samples: number;
  readonly phm?: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function gradcheckCommand(): Command {
  return new Command('gradcheck')
    .description('check on this machine that autograd, softmax(o) − y and finite differences agree')
    .addOption(backendOption())
    .option('--inputs <d>', 'number of features', integer, 4)
    .option('--units <q>', 'number of classes', integer, 3)
    .option('--samples <n>', 'number of samples in the batch', integer, 8)
    .option('--phm <n>', 'use a hypercomplex layer with n components instead of a dense layer', integer)
    .option('--seed <seed>', 'seed of the random features, labels and weights', integer, 0)
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { formatBackend, selectBackend } = await import('../../backend/select.js');
      const { formatGradcheck } = await import('../../gradcheck.js');
      await import('../../node.js');
      const choice = await selectBackend(options.backend);
      const result = await check(options);
      if (options.json) printJson({ choice, result });
      else print(`${formatBackend(choice)}\n${formatGradcheck(result)}`.split('\n'));
      if (!result.ok) process.exitCode = 1;
    });
}

/** Checks a random problem of the requested shape. */
async function check({ inputs, units, samples, phm, seed }: Options): Promise<GradcheckResult> {
  const tf = await import('@tensorflow/tfjs');
  const { Dense, gradcheck, oneHot, Phm, Random } = await import('../../index.js');
  const layer = phm === undefined ? new Dense({ inputs, units, seed }) : new Phm({ inputs, units, n: phm, seed });
  const random = new Random(seed);
  const features = tf.tensor2d(
    Float32Array.from({ length: samples * inputs }, () => random.normal()),
    [samples, inputs],
  );
  const targets = oneHot(
    Array.from({ length: samples }, () => random.below(units)),
    units,
  );
  try {
    return gradcheck({ layer, features, targets });
  } finally {
    layer.dispose();
    tf.dispose([features, targets]);
  }
}
