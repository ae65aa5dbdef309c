// npm run test:specs [-- --node 24]: runs the specs of tfjs-core that tfjs-node runs, on the native kernels.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { binaryOf } from '../nodes/binary.js';

const TFJS_NODE = createRequire(require.resolve('@tensorflow/tfjs-node/package.json'));

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { node: { type: 'string' } } });
  if (values.node !== undefined) {
    const node = binaryOf(values.node);
    if (node === undefined) throw new Error(`there is no binary of Node ${values.node} for this platform`);
    execFileSync(node, ['--import', 'tsx', __filename], { stdio: 'inherit' });
    return;
  }
  const { selectBackend } = await import('softmax-regression');
  await import('softmax-regression/node');
  const { backend } = await selectBackend('tensorflow');
  if (backend !== 'tensorflow') throw new Error('native kernels are needed: npx softmax-regression native install');
  const Jasmine = require('jasmine');
  const runner = new Jasmine();
  runner.loadConfig({ random: false });
  runner.exitOnCompletion = false;
  runner.env.configure({ specFilter: isWanted });
  const counts: Record<string, number> = {};
  runner.clearReporters();
  runner.addReporter({
    specDone({ fullName, status, failedExpectations }: SpecResult) {
      counts[status] = (counts[status] ?? 0) + 1;
      for (const { message } of failedExpectations) console.error(`${fullName}: ${message}`);
    },
  });
  require('@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops');
  require('@tensorflow/tfjs-core/dist/register_all_gradients');
  const { setTestEnvs } = require('@tensorflow/tfjs-core/dist/jasmine_util');
  setTestEnvs([{ name: 'test-tensorflow', backendName: 'tensorflow', flags: {}, isDataSync: true }]);
  require('@tensorflow/tfjs-core/dist/tests');
  await runner.execute();
  if (counts.failed > 0) process.exitCode = 1;
  const { passed = 0, failed = 0, pending = 0, excluded = 0 } = counts;
  console.log(
    `Node ${process.versions.node}: ${passed} passed, ${failed} failed, ${pending} disabled by tfjs-core, ${excluded} left out by tfjs-node`,
  );
}

interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

const ignored = ignoreList();

function isWanted(spec: { getFullName(): string }): boolean {
  const name = spec.getFullName();
  return !ignored.some((each) => name.includes(each));
}

/** The specs that tfjs-node leaves out, from the source in its package. */
function ignoreList(): readonly string[] {
  const source = readFileSync(join(TFJS_NODE.resolve('./package.json'), '..', 'src', 'run_tests.ts'), 'utf8');
  const list = /const IGNORE_LIST: string\[\] = \[([\s\S]*?)\n\];/.exec(source)?.[1] ?? '';
  const names = list.split('\n').flatMap((line) => /^ {2}'(.*)',/.exec(line)?.[1] ?? []);
  if (names.length === 0) throw new Error('the list of tfjs-node was not found');
  return names;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
