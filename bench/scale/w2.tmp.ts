import { PassThrough } from 'node:stream';
import { launchWorkers } from '/work/main/src/mpi/launch.js';

(async () => {
  const output = new PassThrough();
  output.pipe(process.stdout);
  const code = await launchWorkers({
    workers: Number(process.argv[2]),
    argv: [
      process.execPath,
      ...(process.env.PROF ? ['--trace-gc'] : []),
      '--import',
      'tsx',
      '/work/main/bench/scale/rank.ts',
      '0.37',
      process.argv[3] ?? 'auto',
    ],
    stdin: false,
    stdout: output,
  });
  console.log('rc', code);
})();
