// What needs no MPI: the environment, the banner of mpiexec, and refusals. test/slow/mpi.test.ts starts processes.
import fc from 'fast-check';
import { ONE_PROCESS } from '../src/core/ranks/communicator.js';
import { Banner } from '../src/mpi/banner.js';
import { launcherIn } from '../src/mpi/environment.js';
import { launchWorkers } from '../src/mpi/launch.js';
import { openCommunicator } from '../src/mpi/open.js';
import { launcherArguments, mpiSource } from '../src/node/native/mpi.js';
import { isNeeded } from '../src/node/native/unpack.js';
import { MPI_WHEELS } from '../src/node/native/wheels.js';

const environment = { ...process.env };

beforeEach(() => {
  // The cache has no MPI.
  process.env.SOFTMAX_REGRESSION_CACHE = '/nonexistent';
  delete process.env.LD_LIBRARY_PATH;
});

afterEach(() => {
  process.env = { ...environment };
});

describe('the environment', () => {
  it.each([
    [{}, undefined],
    [{ PMI_SIZE: '1', PMI_RANK: '0' }, undefined],
    [{ PMI_SIZE: '4' }, { variable: 'PMI_SIZE=4', size: 4 }],
    [{ OMPI_COMM_WORLD_SIZE: '2' }, { variable: 'OMPI_COMM_WORLD_SIZE=2', size: 2 }],
    [{ SLURM_NTASKS: '3' }, { variable: 'SLURM_NTASKS=3', size: 3 }],
    // The script of a job of three tasks.
    [{ SLURM_NTASKS: '3', SLURM_STEP_NUM_TASKS: '1' }, undefined],
    [{ PMIX_RANK: '0' }, { variable: 'PMIX_RANK=0', size: undefined }],
    [{ PMI_SIZE: '' }, undefined],
  ])('%j shows the launcher %j', (env, launched) => {
    expect(launcherIn(env)).toEqual(launched);
  });
});

describe('openCommunicator', () => {
  it('is this process alone without a launcher', async () => {
    for (const name of ['PMI_SIZE', 'SLURM_NTASKS', 'OMPI_COMM_WORLD_SIZE', 'PMIX_RANK']) delete process.env[name];
    expect(await openCommunicator()).toBe(ONE_PROCESS);
  });

  it.each(['PMI_SIZE', 'OMPI_COMM_WORLD_SIZE', 'SLURM_NTASKS'])(
    'refuses a launcher that MPI does not know: %s',
    async (name) => {
      jest.resetModules();
      const fresh = await import('../src/mpi/open.js');
      process.env[name] = '2';
      await expect(fresh.openCommunicator()).rejects.toMatchObject({
        ...{ code: 'BACKEND', argument: 'MPI', actual: 'no connection to it' },
        ...{ expected: `know the launcher of several processes that ${name}=2 shows` },
        hint: expect.stringContaining('native status --mpi'),
      });
    },
  );

  it('names the way to MPI if it is not installed', async () => {
    jest.resetModules();
    const fresh = await import('../src/mpi/open.js');
    // Not PMI_FD: the number may be that of another file of this process.
    Object.assign(process.env, { PMI_SIZE: '2', PMI_PORT: 'localhost:1' });
    await expect(fresh.openCommunicator()).rejects.toMatchObject({
      ...{ code: 'BACKEND', argument: 'MPI', expected: 'be installed for several processes (PMI_SIZE=2)' },
      hint: expect.stringMatching(/^Run: npx softmax-regression native install --mpi|Use Linux/),
    });
  });
});

describe('launchWorkers', () => {
  const argv = ['true'];

  it.each([0, 1.5, Number.NaN, 1025, '2'])('refuses %p workers', async (workers) => {
    await expect(launchWorkers({ workers: workers as number, argv })).rejects.toMatchObject({ argument: 'workers' });
  });

  it('refuses to start workers under another launcher', async () => {
    process.env.PMI_SIZE = '2';
    await expect(launchWorkers({ workers: 2, argv })).rejects.toMatchObject({
      ...{ code: 'BACKEND', actual: 'PMI_SIZE=2', hint: 'Call openCommunicator alone under mpiexec or srun.' },
    });
  });

  it('names the way to MPI if it is not installed', async () => {
    await expect(launchWorkers({ workers: 2, argv })).rejects.toMatchObject({
      ...{ code: 'BACKEND', argument: 'MPI', expected: 'be installed for 2 workers' },
    });
  });

  it('starts processes on this machine only', () => {
    expect(launcherArguments(3).join(' ')).toBe('-launcher fork -rmk user -hosts localhost -n 3');
  });
});

describe('the banner of mpiexec', () => {
  const rule = '='.repeat(83);
  const banner = [
    ...['', rule, '=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES', '=   PID 31 RUNNING AT vm'],
    ...[
      '=   EXIT CODE: 9',
      '=   CLEANING UP REMAINING PROCESSES',
      '=   YOU CAN IGNORE THE BELOW CLEANUP MESSAGES',
      rule,
    ],
    ...[
      'YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)',
      'This typically refers to a problem',
      '',
    ],
  ].join('\n');

  const pass = (text: string, cuts: readonly number[]) => {
    const bytes = Buffer.from(text, 'latin1');
    const reader = new Banner();
    const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
    const parts = ends.map((end, i) => reader.filter(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)));
    return { reader, output: Buffer.concat([...parts, reader.rest()]).toString('latin1') };
  };
  const cuts = fc.array(fc.nat({ max: 700 }), { maxLength: 6 });
  const text = fc.oneof(fc.string(), fc.constantFrom(`a\n${rule}`, `\n${rule}\n=   BAD`, '\n', `\n\n${rule}\n${rule}`));

  it('is taken out of the output, however it is cut into chunks', () => {
    fc.assert(
      fc.property(text, cuts, (before, at) => {
        const plain = Buffer.from(before, 'latin1').toString('latin1');
        // The empty line before the banner may have been passed on if a chunk ends there.
        const ends = at.includes(plain.length + 1) ? [plain, `${plain}\n`] : [plain];
        expect(ends).toContain(pass(plain + banner, at).output);
        expect(pass(plain + banner, []).output).toBe(plain);
        expect(pass(plain, at).output).toBe(plain);
      }),
      { numRuns: 1000 },
    );
  });

  it('passes on complete lines at once', () => {
    expect(new Banner().filter(Buffer.from('a question?\n')).toString()).toBe('a question?\n');
  });

  it('is noticed', () => {
    expect(pass(banner, [10, 300]).reader.isSeen).toBe(true);
    expect(pass(`output\n${rule}\n`, []).reader.isSeen).toBe(false);
  });
});

describe('the wheel of MPICH', () => {
  it('is pinned by version, platform and sha256', () => {
    for (const wheel of Object.values(MPI_WHEELS)) {
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(wheel.platform).toMatch(/^(manylinux|macosx)/);
    }
  });

  it('exists for glibc, not for musl or Windows', () => {
    const machine = { platform: 'linux', arch: 'x64', cpu: '', cpuFlags: [], node: '20.0.0' };
    expect(mpiSource({ ...machine, libc: { family: 'glibc', version: '2.36' } }).ok).toBe(true);
    const old = mpiSource({ ...machine, libc: { family: 'glibc', version: '2.27' } });
    expect(old).toMatchObject({ reason: expect.stringContaining('glibc 2.27') });
    expect(mpiSource({ ...machine, libc: { family: 'musl' } })).toMatchObject({
      reason: expect.stringContaining('musl'),
    });
    expect(mpiSource({ ...machine, platform: 'win32' })).toMatchObject({
      reason: expect.stringContaining('win32-x64'),
    });
  });

  it.each([
    ['mpich-5.0.2.data/data/bin/mpiexec.hydra', true],
    ['bin/hydra_pmi_proxy', true],
    ['mpich-5.0.2.data/data/lib/libmpi_abi.so.1', true],
    ['mpich-5.0.2.data/data/lib/mpich/ucx/libuct_ib.so.0', true],
    ['mpich-5.0.2.data/data/lib/libpmpi_abi.1.dylib', true],
    ['mpich-5.0.2.data/data/include/mpi_abi.h', true],
    ['mpich-5.0.2.data/data/lib/libmpi.so.12', false],
    ['mpich-5.0.2.data/data/include/mpi.h', false],
    ['mpich-5.0.2.data/data/bin/mpicc', false],
    ['mpich-5.0.2.dist-info/RECORD', false],
  ])('%s is needed: %p', (name, needed) => {
    expect(isNeeded(name)).toBe(needed);
  });
});
