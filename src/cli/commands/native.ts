// cli: softmax-regression native install | status.
import { Command, Option } from 'commander';
import { withInterrupt } from '../interrupt.js';
import { progressDisplay } from '../progress.js';
import { print, printJson } from '../terminal.js';
import { jsonOption } from '../usage.js';

export function nativeCommand(): Command {
  const command = new Command('native').description("manage TensorFlow's native kernels for Node, and MPI");
  command
    .command('install')
    .description('build the kernels into the user cache, once for all projects')
    .option('--gpu', 'build for CUDA 12 (Linux x64; downloads 3.4 GB)')
    .option('--no-gpu', 'build for the CPU, even if a CUDA build is installed')
    .addOption(
      new Option('--mpi', 'install MPI instead, for work in several processes (downloads 13 MB)').conflicts('gpu'),
    )
    .option('--force', 'rebuild even if the installed kernels work')
    .addOption(jsonOption())
    .action((options: InstallFlags) => (options.mpi ? installMpiInCache(options) : install(options)));
  command
    .command('status')
    .description('show whether the kernels are installed')
    .option('--mpi', 'show whether MPI is installed')
    .addOption(jsonOption())
    .action((options: { mpi?: boolean; json?: boolean }) => (options.mpi ? statusOfMpi(options) : status(options)));
  return command;
}

interface InstallFlags {
  readonly gpu?: boolean;
  readonly mpi?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

async function install({ json, mpi: _, ...options }: InstallFlags): Promise<void> {
  const { installNative } = await import('../../node/native/install.js');
  const { onProgress, stop } = progressDisplay();
  const kernels = await withInterrupt((signal) => installNative({ ...options, onProgress, signal })).finally(stop);
  if (json) return printJson(kernels);
  const { built, tensorflowVersion, device, addon } = kernels;
  const state = built ? 'are installed' : 'were already installed';
  print([`The native kernels ${state}: TensorFlow ${tensorflowVersion} on the ${device}.`, String(addon)]);
  if (options.gpu && device === 'CPU') print(['They are built for CUDA, but no GPU was found: see nvidia-smi.']);
}

async function installMpiInCache({ json, force }: InstallFlags): Promise<void> {
  const { installMpi } = await import('../../node/native/install-mpi.js');
  const { onProgress, stop } = progressDisplay();
  const result = await withInterrupt((signal) => installMpi({ force, onProgress, signal })).finally(stop);
  if (json) return printJson(result);
  const { built, version, mpiexec, addon } = result;
  print([`MPI ${built ? 'is' : 'was already'} installed: MPICH ${version}.`, mpiexec, addon]);
}

async function statusOfMpi({ json }: { json?: boolean }): Promise<void> {
  const { mpiStatus } = await import('../../node/native/mpi.js');
  const found = mpiStatus();
  if (!found.installed) process.exitCode = 1;
  if (json) printJson(found);
  else if (found.installed) print([`MPI is installed: MPICH ${found.version}.`, found.mpiexec, found.addon]);
  else print([`MPI is not installed: ${found.reason}. ${found.advice}`]);
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
