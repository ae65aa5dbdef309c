// serialization: checks that JSON can represent a value.
import { describe } from '../core/shape.js';
import { type Fail, isFiniteNumber, isRecord, MAX_DEPTH } from '../predict/json.js';

export function assertJson(value: unknown, argument: string, depth: number, fail: Fail): void {
  if (depth >= MAX_DEPTH) {
    throw fail({ argument, expected: `nest at most ${MAX_DEPTH} deep`, actual: describe(value) });
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) assertJson(value[i], `${argument}[${i}]`, depth + 1, fail);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw fail({ argument, expected: 'have no key __proto__', actual: 'one' });
      // JSON omits properties that are undefined.
      if (item !== undefined) assertJson(item, `${argument}.${key}`, depth + 1, fail);
    }
  } else if (value !== null && typeof value !== 'string' && typeof value !== 'boolean' && !isFiniteNumber(value)) {
    throw fail({ argument, expected: 'be JSON', actual: describe(value) });
  }
}
