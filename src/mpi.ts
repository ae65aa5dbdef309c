// The front door for several processes: named re-exports, grouped by room.
/**
 * For Node only: several processes that compute together, on one machine or many.
 *
 * @module softmax-regression/mpi
 */
export type { Communicator, Reduction } from './core/ranks/communicator.js';
export { type CommunicatorOptions, openCommunicator } from './mpi/open.js';
export { type InstallMpiOptions, type InstallMpiResult, installMpi } from './node/native/install-mpi.js';
export { type MpiInstallation, type MpiStatus, mpiStatus, type NoMpiInstallation } from './node/native/mpi.js';
