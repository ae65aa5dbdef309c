// cli: softmax-regression native install | status.
import { Command } from 'commander';
import { withInterrupt } from '../interrupt.js';
import { progressDisplay } from '../progress.js';
import { print, printJson } from '../terminal.js';
import { jsonOption } from '../usage.js';

export function nativeCommand(): Command {
  const command = new Command('native').description("manage TensorFlow's native kernels for Node");
  command
    .command('install')
    .description('build the kernels into the user cache, once for all projects')
    .option('--gpu', 'build for CUDA 12 (Linux x64; downloads 3.4 GB)')
    .option('--no-gpu', 'build for the CPU, even if a CUDA build is installed')
    .option('--force', 'rebuild even if the installed kernels work')
    .addOption(jsonOption())
    .action(install);
  command
    .command('status')
    .description('show whether the kernels are installed')
    .addOption(jsonOption())
    .action(status);
  return command;
}

async function install({ json, ...options }: { gpu?: boolean; force?: boolean; json?: boolean }): Promise<void> {
  const { installNative } = await import('../../node/native/install.js');
  const { onProgress, stop } = progressDisplay();
  const kernels = await withInterrupt((signal) => installNative({ ...options, onProgress, signal })).finally(stop);
  if (json) return printJson(kernels);
  const { built, tensorflowVersion, device, addon } = kernels;
  const state = built ? 'are installed' : 'were already installed';
  print([`The native kernels ${state}: TensorFlow ${tensorflowVersion} on the ${device}.`, String(addon)]);
  if (options.gpu && device === 'CPU') print(['They are built for CUDA, but no GPU was found: see nvidia-smi.']);
}

async function status(options: { json?: boolean }): Promise<void> {
  const { nativeStatus } = await import('../../node/native/load.js');
  const found = nativeStatus();
  if (!found.installed) process.exitCode = 1;
  if (options.json) {
    printJson(found);
  } else if (found.installed) {
    const { proof, origin, addon } = found;
    const state = proof === undefined ? 'not yet tested on this machine' : `TensorFlow ${proof.tensorflowVersion}`;
    const place = origin === 'cache' ? 'in the user cache' : 'by tfjs-node';
    print([`The native kernels are installed: ${state}, ${place}.`, addon]);
  } else {
    print([`The native kernels are not installed: ${found.reason}. ${found.advice}`]);
  }
}
