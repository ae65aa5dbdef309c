// cli: softmax-regression doctor.
import { Command } from 'commander';
import { withInterrupt } from '../interrupt.js';
import { jsonOption } from '../usage.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine and suggest the next step')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { doctor, formatDoctor } = await import('../../node/native/doctor.js');
      const report = await withInterrupt((signal) => doctor({ signal }));
      console.log(json ? JSON.stringify(report, null, 2) : formatDoctor(report));
      if (!report.native.ok) process.exitCode = 1;
    });
}
