// mpi: what the environment says about a launcher of several processes.

/** A launcher, as it shows itself. */
export interface Launched {
  /** The variable that shows it, with its value: `PMI_SIZE=4`. */
  readonly variable: string;
  /** The number of processes; undefined if the launcher does not tell. */
  readonly size: number | undefined;
}

/**
 * By launcher: hydra of MPICH and Intel MPI, Open MPI, Slurm. A step of Slurm says more than its job: a script of a job
 * is one process, however many tasks the job may have.
 */
const SIZES = ['PMI_SIZE', 'OMPI_COMM_WORLD_SIZE', 'SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS'];

/** Launchers of PMIx and of Cray do not tell the size. */
const RANKS = ['PMIX_RANK', 'PALS_RANKID'];

/** The launcher that started this process, or undefined. */
export function launcherIn(env: Readonly<Record<string, string | undefined>>): Launched | undefined {
  const variable = SIZES.find((name) => /^\d+$/.test(env[name] ?? ''));
  const size = variable === undefined ? undefined : Number(env[variable]);
  if (variable !== undefined && size !== 1) return { variable: `${variable}=${env[variable]}`, size };
  const rank = RANKS.find((name) => env[name] !== undefined);
  return rank === undefined ? undefined : { variable: `${rank}=${env[rank]}`, size };
}

/** How a launcher of the PMI, such as hydra or `srun --mpi=pmi2`, lets its processes find each other. */
export const CONNECTIONS = ['PMI_FD', 'PMI_PORT'];

/** The variables of a launcher, which the processes of another one must not see. */
export const OF_LAUNCHERS = /^(PMI|PMIX|OMPI|PALS|MPI_LOCAL|HYDRA_|HYDI_|MPIEXEC_)/;

/** The variable by which `launchWorkers` tells its processes the number of its socket. */
export const LAUNCHER_SOCKET = 'SOFTMAX_REGRESSION_LAUNCHER';
