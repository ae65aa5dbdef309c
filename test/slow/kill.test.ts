// A short run of `npm run kill`, and trainings with planted faults, which it must detect.
import { nativeStatus } from 'softmax-regression/node';
import { fetchAtOnce, replaceAtOnce } from '../../tools/kill/at-once.js';
import { bundle, killAndResume } from '../../tools/kill/kill.js';
import { PLANTED_SUBJECTS, SUBJECTS } from '../../tools/kill/subjects.js';

let child: Awaited<ReturnType<typeof bundle>>;
let contender: Awaited<ReturnType<typeof bundle>>;

beforeAll(async () => {
  [child, contender] = await Promise.all([bundle('child'), bundle('contender')]);
});

afterAll(() => {
  child.remove();
  contender.remove();
});

const subjectOf = (name: string) => {
  const subject = [...SUBJECTS, ...PLANTED_SUBJECTS].find((each) => each.name === name);
  if (subject === undefined) throw new Error(`no subject ${name}`);
  return subject;
};

describe('a killed training', () => {
  it('resumes to the same bits, and leaves no broken file', async () => {
    const { program } = child;
    const subject = subjectOf(nativeStatus().installed ? 'adam, compiled, tensorflow' : 'adam, eager, wasm');
    expect(await killAndResume({ program, subject, kills: 2, seed: 4 })).toMatchObject({ kills: 2, findings: [] });
  });
});

describe('competing processes, some of them killed', () => {
  it('replace a folder one after the other, without leftovers', async () => {
    const report = await replaceAtOnce({ program: contender.program, kills: 6, seed: 1 });
    expect(report).toMatchObject({ findings: [] });
    expect(report.ends).toBeGreaterThan(3);
  });

  it('fetch a data set once, without leftovers', async () => {
    const report = await fetchAtOnce({ program: contender.program, kills: 6, seed: 1 });
    expect(report).toMatchObject({ findings: [] });
    expect(report.ends).toBeGreaterThan(3);
  });
});

describe('the harness detects a program that', () => {
  it.each([
    ['writes its checkpoint in place', 'in place', /^run\.checkpoint is (neither the old nor the new one|broken)/],
    ['loses the optimizer state', 'forgetful', /^the result differs/],
    ['leaves temporary files', 'littering', /^unknown files|^temporary files are left/],
  ])('%s', async (_, fault, finding) => {
    const { program } = child;
    const subject = subjectOf(`planted: ${fault}`);
    // It stops at the first finding. A kill before the first write finds nothing, and how many do depends on the machine.
    const { findings } = await killAndResume({ program, subject, kills: 40, seed: 1 });
    expect(findings[0]).toMatch(finding);
  });
});
