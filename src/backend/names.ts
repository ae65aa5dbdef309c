// backend: the tfjs backends by name; without tfjs, so that a command line can offer them quickly.

/** Fastest first. */
export const BACKENDS = ['tensorflow', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
/** What TensorFlow.js calls a backend. */
export type BackendName = (typeof BACKENDS)[number];
