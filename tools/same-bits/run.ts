// npm run same-bits [-- --here] [-- --fits iris,table]: computes the same models in every way that this machine has, and
// prints a hash of each model file. It exits with 1 if a file or the losses of a fit differ, or a way fails. --here leaves out other versions of Node.
import { parseArgs } from 'node:util';
import { CASE_NAMES, type CaseName } from './cases.js';
import { differences, header, lineFor, type Row, rowOf } from './table.js';
import { bundle, otherNodes, waysHere } from './ways.js';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { here: { type: 'boolean' }, fits: { type: 'string' } } });
  const names = (values.fits?.split(',') ?? CASE_NAMES) as readonly CaseName[];
  const stray = names.find((name) => !CASE_NAMES.includes(name));
  if (stray !== undefined) throw new Error(`--fits must be among ${CASE_NAMES.join(', ')}; got ${stray}`);
  const scripts = await bundle(names);
  const rows: Row[] = [];
  try {
    console.log(header(names));
    for (const way of [...waysHere(), ...(values.here ? [] : otherNodes())]) {
      const row = await rowOf(way, scripts);
      rows.push(row);
      console.log(lineFor(row, names));
    }
  } finally {
    scripts.remove();
  }
  const differing = differences(rows, names);
  const count = rows.filter(({ hashes }) => hashes !== undefined).length;
  if (differing.length === 0) console.log(`The same bits in ${count} ways.`);
  else {
    console.log(`Different bits: ${differing.join(', ')}.`);
    process.exitCode = 1;
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 2;
});
