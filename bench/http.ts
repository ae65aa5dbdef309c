// bench: npx tsx bench/http.ts. Requests per second and latencies of examples/http.ts, one record of 20 columns a request.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { parseCsv, Random, SoftmaxRegression } from 'softmax-regression';
import { saveModel } from 'softmax-regression/node';
import { table } from './timing.js';

const NUMBERS = 12;
const CATEGORIES = 8;
const COLOURS = ['amber', 'blue', 'green', 'red', 'violet'];
/** By default, the number of connections that always have one request in progress. */
const CONNECTIONS = '8';

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: { seconds: { type: 'string', default: '10' }, connections: { type: 'string', default: CONNECTIONS } },
  });
  const seconds = Number(options.seconds);
  const connections = Number(options.connections);
  const folder = mkdtempSync(join(tmpdir(), 'bench-http-'));
  const file = join(folder, 'model.safetensors');
  const records = await trained(file);
  const server = spawn(process.execPath, ['--import', 'tsx', join(__dirname, '../examples/http.ts'), file, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = await new Promise<string[]>((resolve, reject) => {
      createInterface(server.stdout).once('line', (line) => resolve([line]));
      server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
    await load(url, records, Math.min(2, seconds), connections);
    const milliseconds = Float64Array.from(await load(url, records, seconds, connections)).sort();
    const at = (share: number) => `${milliseconds[Math.floor(share * (milliseconds.length - 1))].toFixed(2)} ms`;
    const [{ model }] = cpus();
    console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, Node ${process.versions.node}`);
    console.log(
      `${NUMBERS} columns of numbers, ${CATEGORIES} of categories, ${connections} connections, ${seconds} s\n`,
    );
    const rate = Math.round(milliseconds.length / seconds).toLocaleString('en');
    console.log(table(['requests/s', 'p50', 'p99', 'slowest'], [[rate, at(0.5), at(0.99), at(1)]]));
  } finally {
    server.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  }
}

/** Saves a model of a table, and returns its rows as JSON. */
async function trained(file: string): Promise<string[]> {
  const random = new Random(0);
  const rows = Array.from({ length: 500 }, () => {
    const numbers = Array.from({ length: NUMBERS }, (_, j) => [`x${j}`, Number(random.normal().toFixed(3))] as const);
    const texts = Array.from(
      { length: CATEGORIES },
      (_, j) => [`c${j}`, COLOURS[Math.floor(random.uniform() * COLOURS.length)]] as const,
    );
    return [...numbers, ...texts];
  });
  const names = rows[0].map(([name]) => name);
  const lines = rows.map((row, i) => [...row.map(([, value]) => value), 'abc'[i % 3]].join());
  const csv = [[...names, 'kind'].join(), ...lines, ''].join('\n');
  const { features, labels, schema } = parseCsv(csv, { label: 'kind', strings: 'one-hot' });
  const { model } = await SoftmaxRegression.fit(features, labels, { schema });
  await saveModel(file, model);
  return rows.map((row) => JSON.stringify(Object.fromEntries(row)));
}

/** Milliseconds of each request that began within some seconds. */
async function load(url: string, records: readonly string[], seconds: number, connections: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const milliseconds: number[] = [];
  const end = performance.now() + 1000 * seconds;
  let next = 0;
  const connection = async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await post(url, records[next++ % records.length], agent);
      milliseconds.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  return milliseconds;
}

function post(url: string, body: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    sent.on('error', reject).end(body);
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
