// npm run kill -- [--kills 20] [--seed 1] [--case NAME]: every training, killed that many times.
import { parseArgs } from 'node:util';
import { bundle, killAndResume } from './kill.js';
import { PLANTED_SUBJECTS, SUBJECTS } from './subjects.js';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } },
  });
  const [kills, seed] = [Number(values.kills ?? 20), Number(values.seed ?? 1)];
  const name = values.case;
  const subjects = name === undefined ? SUBJECTS : [...SUBJECTS, ...PLANTED_SUBJECTS].filter((each) => each.name === name);
  if (subjects.length === 0) throw new Error(`--case must be among: ${SUBJECTS.map((each) => each.name).join('; ')}`);
  const total = { kills: 0, withinWrite: 0, resumes: 0, ends: 0, findings: 0 };
  const { program, remove } = await bundle('child');
  try {
    for (const subject of subjects) {
      const report = await killAndResume({ program, subject, kills, seed });
      const { withinWrite, resumes, ends, findings } = report;
      console.log(
        `${subject.name}: ${report.kills} kills, ${withinWrite} within a write, ${resumes} resumes, ${ends} trainings to their end`,
      );
      for (const finding of findings) console.log(`  ${finding}`);
      total.kills += report.kills;
      total.withinWrite += withinWrite;
      total.resumes += resumes;
      total.ends += ends;
      total.findings += findings.length;
    }
  } finally {
    remove();
  }
  const { withinWrite, resumes, ends, findings } = total;
  console.log(
    `${total.kills} kills, ${withinWrite} within a write, ${resumes} resumes, ${ends} trainings to their end, ${findings} findings, seed ${seed}`,
  );
  process.exitCode = findings === 0 ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
