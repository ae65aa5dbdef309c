// cli: the processes that a `train` shares its fit with.
import { type Communicator, ONE_PROCESS } from '../../core/ranks/communicator.js';
import { launcherIn } from '../../mpi/environment.js';

/** The processes of the launcher that started this one, of which only rank 0 prints from now on; or this process alone. */
export async function ranksHere(): Promise<Communicator> {
  if (launcherIn(process.env) === undefined) return ONE_PROCESS;
  const { openCommunicator } = await import('../../mpi/open.js');
  return openCommunicator({ quiet: true });
}
