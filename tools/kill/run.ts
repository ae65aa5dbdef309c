// npm run kill -- [--kills 20] [--seed 1] [--case NAME]: kills every training that many times. Then it runs concurrent
// processes, also installations of native kernels, with a fifth of the kills: a minute and 274 MB of downloads each.
import { parseArgs } from 'node:util';
import { AT_ONCE } from './at-once.js';
import { bundle, type KillReport, killAndResume } from './kill.js';
import { PLANTED_SUBJECTS, SUBJECTS } from './subjects.js';

/** Concurrent trainings: one computes while another waits for its disk. */
const JOBS = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } },
  });
  const [kills, seed] = [Number(values.kills ?? 20), Number(values.seed ?? 1)];
  const name = values.case;
  const chosen = <T extends { name: string }>(cases: readonly T[], unasked = cases) =>
    name === undefined ? [...unasked] : cases.filter((each) => each.name === name);
  const all = [...SUBJECTS, ...PLANTED_SUBJECTS];
  const subjects = chosen(all, SUBJECTS);
  const contests = chosen(AT_ONCE);
  if (subjects.length + contests.length === 0) {
    throw new Error(`--case must be among: ${[...all, ...AT_ONCE].map((each) => each.name).join('; ')}`);
  }
  const reports: KillReport[] = [];
  let failed = false;
  const { program, remove } = await bundle('child');
  const contender = await bundle('contender');
  const work = async () => {
    for (let subject = subjects.shift(); subject !== undefined; subject = subjects.shift()) {
      const report = await killAndResume({ program, subject, kills, seed });
      reports.push(report);
      console.log(`${subject.name}: ${figures([report])}`);
      for (const finding of report.findings) console.log(`  ${finding}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: JOBS }, work));
    for (const { name, share, compete } of contests) {
      const report = await compete({ program: contender.program, kills: Math.ceil(share * kills), seed });
      const { ends, waits, findings } = report;
      console.log(
        `${name} concurrently: ${report.kills} kills, ${waits} waited for another, ${ends} completed, ${findings.length} findings`,
      );
      for (const finding of findings) console.log(`  ${finding}`);
      failed ||= findings.length > 0;
    }
  } finally {
    remove();
    contender.remove();
  }
  if (reports.length > 0) console.log(`all trainings: ${figures(reports)}, seed ${seed}`);
  process.exitCode = failed || reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

function figures(reports: readonly KillReport[]): string {
  const sum = (of: (report: KillReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  return [
    `${sum(({ kills }) => kills)} kills`,
    `${sum(({ withinWrite }) => withinWrite)} of them within a write`,
    `${sum(({ resumes }) => resumes)} resumes`,
    `${sum(({ ends }) => ends)} trainings completed`,
    `${sum(({ findings }) => findings.length)} findings`,
  ].join(', ');
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
