import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DoctorReport, doctor, formatDoctor } from '../../src/node/native/doctor.js';
import { nativeStatus } from '../../src/node/native/load.js';
import { nativeSource, systemInstallCommand, thisMachine } from '../../src/node/native/machine.js';

const environment = { ...process.env };
const workingFolder = process.cwd();
const buildable = nativeSource(thisMachine(), false).ok;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-test-'));
});

afterEach(() => {
  process.chdir(workingFolder);
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

const finding = ({ findings }: DoctorReport, subject: string) => findings.find((each) => each.subject === subject);

/** Hides all programs and kernels of this machine. */
function takeAllAway(): void {
  process.env.PATH = folder;
  delete process.env.CXX;
  process.env.SOFTMAX_REGRESSION_CACHE = join(folder, 'cache');
}

describe('doctor', () => {
  it('checks everything that the kernels depend on', async () => {
    const { findings } = await doctor();
    expect(findings.map(({ subject }) => subject)).toEqual([
      'Node.js',
      'machine',
      '@tensorflow/tfjs',
      '@tensorflow/tfjs-node',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-core',
      'Parquet',
      'Arrow and Feather',
      'SQL',
      'C++ compiler',
      'pip or uv',
      'native kernels',
      'MPI',
    ]);
  });

  it('describes this machine', async () => {
    const report = await doctor();
    expect(finding(report, 'Node.js')).toEqual({ subject: 'Node.js', state: 'ok', found: process.versions.node });
    expect(finding(report, 'machine')?.found).toContain(`${process.platform} ${process.arch}`);
    expect(finding(report, '@tensorflow/tfjs')).toMatchObject({ state: 'ok', found: '4.22.0' });
    expect(finding(report, '@tensorflow/tfjs-core')).toMatchObject({ state: 'ok', found: 'one copy' });
    expect(report.native.ok).toBe(nativeStatus().installed);
    if (report.native.ok) expect(report.next).toBeUndefined();
  });

  (buildable ? it : it.skip)('suggests only the first step if everything is missing', async () => {
    takeAllAway();
    const report = await doctor();
    expect(report.native).toEqual({ ok: false, reason: 'they are not built yet' });
    expect(finding(report, 'C++ compiler')).toMatchObject({ state: 'problem', found: 'none' });
    expect(finding(report, 'pip or uv')).toMatchObject({ state: 'problem', found: 'neither' });
    expect(report.next).toBe(systemInstallCommand('compiler') ?? 'Install a C++ compiler, or set CXX.');
  });

  (buildable ? it : it.skip)('suggests the next step after the first', async () => {
    takeAllAway();
    for (const name of ['c++', 'pip']) symlinkSync('/bin/true', join(folder, name));
    expect((await doctor()).next).toBe('npx softmax-regression native install');
  });

  it('finds a second copy of tfjs-core in the project', async () => {
    for (const name of ['tfjs', 'tfjs-core']) {
      const copy = join(folder, 'node_modules', '@tensorflow', name);
      mkdirSync(copy, { recursive: true });
      writeFileSync(join(copy, 'index.js'), '');
    }
    process.chdir(folder);
    const copies = finding(await doctor(), '@tensorflow/tfjs-core');
    expect(copies).toMatchObject({ state: 'problem', found: expect.stringMatching(/^2 copies/), help: 'npm dedupe' });
  });

  it('stops when aborted', async () => {
    await expect(doctor({ signal: AbortSignal.abort(new Error('planted')) })).rejects.toThrow('planted');
  });
});

describe('formatDoctor', () => {
  it('writes one line per finding, the verdict, and the next step', () => {
    const report: DoctorReport = {
      findings: [
        { subject: 'Node.js', state: 'ok', found: '22.0.0' },
        { subject: 'pip or uv', state: 'problem', found: 'neither', help: 'apt-get install python3-pip' },
      ],
      native: { ok: false, reason: 'they are not built yet' },
      next: 'apt-get install python3-pip',
    };
    expect(formatDoctor(report)).toBe(
      [
        'ok       Node.js    22.0.0',
        'problem  pip or uv  neither',
        '',
        'The native kernels do not work; the wasm backend is used instead.',
        'Next: apt-get install python3-pip',
      ].join('\n'),
    );
  });

  it('names the version and device of working kernels', () => {
    const native = { ok: true, tensorflowVersion: '2.21.0', device: 'GPU' } as const;
    const text = formatDoctor({ findings: [{ subject: 'x', state: 'ok', found: 'y' }], native });
    expect(text).toBe('ok       x  y\n\nThe native kernels work: TensorFlow 2.21.0 on the GPU.');
  });
});
