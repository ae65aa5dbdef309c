// One training in a process that will be killed. It resumes from its checkpoint and announces its writes.
//   node child.cjs FOLDER CASE, or: node child.cjs FOLDER command ARGUMENTS of `train`
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { SoftmaxRegression, selectBackend } from 'softmax-regression';
import { fileCheckpoint, loadNative, readCheckpoint, saveModel } from 'softmax-regression/node';
import { trainCommand } from '../../src/cli/commands/train.js';
import { CASES, type Case, PLANTED } from './cases.js';
import { withoutOptimizer, writeInPlace, writeLittering } from './faults.js';
import { CHECKPOINT, hashOf, MODEL } from './folder.js';

/** Writes immediately and in order. A stream would buffer the line. */
const say = (...words: string[]) => writeSync(1, `${words.join(' ')}\n`);

/** Skips the self-test of `selectBackend`, which takes longer than the training. */
async function use(backend: Case['backend']): Promise<void> {
  if (backend === 'wasm') await selectBackend('wasm');
  if (backend === 'tensorflow') await loadNative();
  await tf.setBackend(backend);
  await tf.ready();
}

async function train(folder: string, { backend, problem, options, fault }: Case): Promise<void> {
  await use(backend);
  const path = join(folder, CHECKPOINT);
  const checkpoint = fileCheckpoint(path, { every: { iterations: 1 } });
  const writer = { 'in place': writeInPlace, littering: writeLittering, forgetful: undefined }[fault ?? 'forgetful'];
  const write = async (bytes: Uint8Array) => {
    say('write', CHECKPOINT, hashOf(bytes));
    await (writer === undefined ? checkpoint.write(bytes) : writer(path, bytes));
    say('written', CHECKPOINT);
  };
  const kept = await readCheckpoint(path);
  const resume = kept !== undefined && fault === 'forgetful' ? await withoutOptimizer(kept) : kept;
  const { features, labels } = problem();
  say(resume === undefined ? 'begin' : 'resume');
  const { model, result } = await SoftmaxRegression.fit(features, labels, {
    ...options,
    ...{ resume, checkpoint: { ...checkpoint, write } },
  });
  const bytes = model.toBytes();
  say('write', MODEL, hashOf(bytes));
  await saveModel(join(folder, MODEL), bytes);
  say('written', MODEL);
  say('end', hashOf(JSON.stringify(result)));
}

async function main([folder, name, ...args]: string[]): Promise<void> {
  if (name === 'command') {
    process.chdir(folder);
    say(args.includes('--resume') ? 'resume' : 'begin');
    await trainCommand().parseAsync(args, { from: 'user' });
    return;
  }
  const chosen = [...CASES, ...PLANTED].find((each) => each.name === name);
  if (chosen === undefined) throw new Error(`no case ${name}`);
  await train(folder, chosen);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
