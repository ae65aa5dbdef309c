// backend: the names of the tfjs backends, without tfjs, so that the command line starts quickly.

/** Fastest first. */
export const BACKENDS = ['tensorflow', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
/** A backend name of TensorFlow.js. */
export type BackendName = (typeof BACKENDS)[number];
