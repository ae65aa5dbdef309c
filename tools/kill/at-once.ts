// Concurrent work of several processes: replace a folder, fetch a data set, install native kernels.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Random } from '../../src/core/random.js';
import type { PinnedData, PinnedFile } from '../../src/node/datasets/pinned-data.js';
import { type ContestOptions, type ContestReport, contest } from './contest.js';

type Options = Pick<ContestOptions, 'program' | 'kills' | 'seed'>;

export async function replaceAtOnce(options: Options): Promise<ContestReport> {
  return inFolder(async (folder) => {
    const report = await contest({ ...options, args: [folder, 'replace'], contenders: 4, within: 120 });
    const target = join(folder, 'cache', 'target');
    const pieces = readdirSync(target).map((name) => readFileSync(join(target, name), 'utf8'));
    const faults = [
      ...(pieces.length === 3 && new Set(pieces).size === 1
        ? []
        : [`the folder mixes the files of several processes: ${pieces}`]),
      ...leftIn(join(folder, 'cache'), ['target']),
    ];
    return { ...report, findings: [...report.findings, ...faults] };
  });
}

/** Two files in several parts each, from a slow server on this machine. */
export async function fetchAtOnce(options: Options): Promise<ContestReport> {
  const random = new Random(9);
  const bytes = () => Uint8Array.from({ length: 30_000 }, () => random.below(256));
  const images = Buffer.concat([Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 30, 0, 0, 0, 25, 0, 0, 0, 40), bytes()]);
  const labels = Buffer.concat([Uint8Array.of(0, 0, 8, 1, 0, 0, 117, 48), bytes()]);
  const packed = { '/images.gz': gzipSync(images), '/labels.gz': gzipSync(labels) };
  let whole = 0;
  const server = createServer((request, response) => {
    const content = packed[request.url as keyof typeof packed];
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from === 0) response.writeHead(200, { 'content-length': content.length });
    else response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
    let at = from;
    const send = () => {
      if (response.destroyed) return;
      response.write(content.subarray(at, at + 3000));
      at += 3000;
      if (at < content.length) setTimeout(send, 3);
      else response.end(() => whole++);
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fileOf = (name: string, shape: number[], content: Uint8Array, gzip: Uint8Array): PinnedFile => ({
    ...{ name, shape, sha256: sha256(content) },
    gzip: { bytes: gzip.length, sha256: sha256(gzip) },
  });
  const data: PinnedData<'images' | 'labels'> = {
    name: 'Tiny',
    files: {
      images: fileOf('images', [30, 25, 40], images, packed['/images.gz']),
      labels: fileOf('labels', [30_000], labels, packed['/labels.gz']),
    },
    ...{
      folderVariable: 'TINY_DIR',
      mirrorsVariable: 'TINY_MIRRORS',
      cacheName: 'tiny',
      debianPackage: 'dataset-tiny',
    },
    ...{ systemFolder: '/nonexistent', mirrors: [`http://127.0.0.1:${port}/`], command: 'none' },
  };
  try {
    return await inFolder(async (folder) => {
      const args = [folder, 'fetch', JSON.stringify(data)];
      const report = await contest({ ...options, args, contenders: 4, within: 150 });
      const cache = join(folder, 'cache', 'tiny');
      const isRight = [images, labels].every((content, i) =>
        content.equals(readFileSync(join(cache, ['images', 'labels'][i]))),
      );
      const faults = [
        ...(isRight ? [] : ['the files differ from those of the server']),
        ...(whole <= 2 + report.kills ? [] : [`each file was sent ${whole / 2} times`]),
        ...leftIn(cache, ['images', 'labels']),
        ...leftIn(join(folder, 'cache'), ['tiny']),
      ];
      return { ...report, findings: [...report.findings, ...faults] };
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * Complete installations of native kernels into an empty cache, with pip, compiler and test. The pip or compiler of a
 * killed installation keeps running for a while.
 */
export async function installAtOnce(options: Options): Promise<ContestReport> {
  return inFolder(async (folder) => {
    const report = await contest({ ...options, args: [folder, 'install'], contenders: 3, within: 20_000 });
    const native = join(folder, 'cache', 'native');
    const kernels = readdirSync(native).filter((name) => name.startsWith('tfjs-node-'));
    const faults = [
      ...(kernels.length === 1 ? [] : [`there are ${kernels.length} folders of kernels`]),
      ...leftIn(native, [...kernels, 'downloads', 'proofs']),
      ...leftIn(join(native, 'downloads'), []),
    ];
    return { ...report, findings: [...report.findings, ...faults] };
  });
}

/** For `npm run kill`. `share` is the number of kills, relative to the kills of a training. */
export const AT_ONCE = [
  { name: 'a folder, replaced', share: 2, compete: replaceAtOnce },
  { name: 'a data set, fetched', share: 2, compete: fetchAtOnce },
  { name: 'native kernels, installed', share: 0.2, compete: installAtOnce },
] as const;

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function leftIn(folder: string, expected: readonly string[]): string[] {
  const left = readdirSync(folder).filter((name) => !expected.includes(name));
  return left.length === 0 ? [] : [`files are left: ${left.join(', ')}`];
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'at-once-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
