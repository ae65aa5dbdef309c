// cli: softmax-regression doctor.
import { Command } from 'commander';
import { withInterrupt } from '../interrupt.js';
import { print, printJson } from '../terminal.js';
import { jsonOption } from '../usage.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine and suggest the next step')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { doctor, formatDoctor } = await import('../../node/native/doctor.js');
      const report = await withInterrupt((signal) => doctor({ signal }));
      if (json) printJson(report);
      else print(formatDoctor(report).split('\n'));
      if (!report.native.ok) process.exitCode = 1;
    });
}
