// training: the environment, which affects the last bits of a fit.
import * as tf from '@tensorflow/tfjs';
import { VERSION } from '../../core/version.js';

/** Facts by name, in readable form. */
export type Environment = Readonly<Record<string, string>>;

let provided: () => Environment = () => ({});

/**
 * Adds facts that only Node can read. `softmax-regression/node` adds the processor, TensorFlow's version and settings.
 */
export function provideEnvironment(provider: () => Environment): void {
  provided = provider;
}

/** The current environment. The backend may change later. */
export function currentEnvironment(): Environment {
  const { navigator } = globalThis as { navigator?: { readonly userAgent?: string } };
  return {
    'softmax-regression': VERSION,
    'TensorFlow.js': tf.version_core,
    backend: tf.getBackend(),
    engine: navigator?.userAgent ?? 'unknown',
    ...provided(),
  };
}

/** One sentence that lists all differences, or undefined. */
export function differenceBetween(before: Environment, now: Environment): string | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = names.filter((name) => before[name] !== now[name]);
  if (changed.length === 0) return undefined;
  const of = (environment: Environment) => changed.map((name) => `${name} ${environment[name] ?? 'none'}`).join(', ');
  return `Resumed under other conditions, so the last bits may differ from those of an uninterrupted run: ${of(now)}; before, ${of(before)}.`;
}
