// bench: three million flights, delayed or not, from Parquet to a report by one command, beside pandas and scikit-learn.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FOLDER, openEnvironment, variablesFor } from '../peers.js';
import { table } from '../timing.js';
import { ended, inFolder, megabytes, timedCommand } from './command.js';
import type { ScaleOptions } from './run.js';

const PACKAGE = 'vega-datasets@3.2.1';

export async function benchFlights({ peers }: ScaleOptions): Promise<void> {
  await inFolder(async (folder) => {
    const unpack = `npm pack --silent ${PACKAGE} && tar -xzf vega-datasets-*.tgz package/data/flights-3m.parquet`;
    const { status, stderr } = spawnSync('sh', ['-c', unpack], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${PACKAGE} cannot be fetched: ${stderr}`);
    const path = join(folder, 'package', 'data', 'flights-3m.parquet');
    const sql = `select distance, hour(date) as hour, dayofweek(date) as weekday, delay > 15 as late from '${path}'`;
    const flags = [
      '--label',
      'late',
      '--categories',
      'hour',
      '--categories',
      'weekday',
      '--report',
      join(folder, 'report.html'),
    ];
    const ours = await timedCommand(['train', '--sql', sql, ...flags, '-o', join(folder, 'model'), '--json']);
    const { evaluation, fit } = JSON.parse(ours.stdout);
    const row = (name: string, seconds: number, peak: number, loss: number, accuracy: number) => [
      ...[name, `${seconds.toFixed(0)} s`, megabytes(peak), loss.toFixed(5), accuracy.toFixed(4)],
    ];
    const rows = [
      row(
        'train --sql … --report',
        ours.seconds,
        ours.peak,
        evaluation.logLoss ?? evaluation.loss,
        evaluation.accuracy,
      ),
    ];
    console.log(`within ${fit.suboptimality} of the optimum\n`);
    if (peers) {
      const environment = await openEnvironment('requirements-scale.txt');
      const child = spawn(environment.python, [join(FOLDER, 'flights.py'), path], {
        env: variablesFor(environment),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { code, stdout, stderr: errors } = await ended(child);
      if (code !== 0) throw new Error(`flights.py: ${errors}`);
      const { name, seconds, peak, loss, accuracy } = JSON.parse(stdout);
      rows.push(row(name, seconds, peak, loss, accuracy));
    }
    console.log(table(['', 'time', 'peak', 'log loss of the test part', 'accuracy'], rows));
  });
}
