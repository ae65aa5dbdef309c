// Runs cases one after the other. It announces each case to the parent, so that the case of a hang or crash is known.
import {
  assertPrototypes,
  BEYOND_LIMITS,
  isOfLimits,
  meterAllocations,
  prototypes,
  refusalOf,
  takeAllocated,
  type Violation,
} from './guard.js';
import { caseRandom } from './mutate.js';
import type { Target } from './target.js';
import { TARGETS } from './targets.js';

export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** The maximum CPU time of a case. */
  readonly maxSeconds?: number;
  /** The maximum number of findings. */
  readonly most: number;
}

export type Message =
  | { readonly begin: number }
  | { readonly violation: string; readonly number: number; readonly input: string }
  | { readonly summary: Summary };

export interface Summary {
  readonly accepted: number;
  /** Refusals by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The maximum of one case: seconds of CPU time, and bytes in arrays. */
  readonly slowest: number;
  readonly largest: number;
}

/** Waits until the message is sent, because the next case may end this process. */
const told = (message: Message) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));

async function run({ target: name, seed, from, to, maxSeconds, most }: Order): Promise<void> {
  const target = TARGETS.find((each) => each.name === name) as Target;
  const refused: Record<string, number> = {};
  let [accepted, slowest, largest, findings] = [0, 0, 0, 0];
  const before = prototypes();
  for (let number = from; number < to && findings < most; number++) {
    const random = caseRandom(seed, name, number);
    const input = target.make(random);
    await told({ begin: number });
    takeAllocated();
    const start = process.cpuUsage();
    const code = await outcome(target, () => target.check(input, random), before);
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    slowest = Math.max(slowest, seconds);
    largest = Math.max(largest, takeAllocated());
    const violation =
      code.violation ??
      (maxSeconds !== undefined && seconds > maxSeconds ? `it takes ${seconds} s of CPU time` : undefined);
    if (violation !== undefined && target.isBorrowed && isOfLimits(violation)) {
      refused[BEYOND_LIMITS] = (refused[BEYOND_LIMITS] ?? 0) + 1;
    } else if (violation !== undefined) {
      await told({ violation, number, input: Buffer.from(input).toString('base64') });
      findings++;
    } else if (code.refused !== undefined) refused[code.refused] = (refused[code.refused] ?? 0) + 1;
    else accepted++;
  }
  await told({ summary: { accepted, refused, slowest, largest } });
}

async function outcome(
  { codes = [] }: Target,
  check: () => unknown,
  before: ReturnType<typeof prototypes>,
): Promise<{ refused?: string; violation?: string }> {
  try {
    const refused = await Promise.resolve()
      .then(check)
      .then(
        () => undefined,
        (error) => refusalOf(error, codes),
      );
    assertPrototypes(before);
    return { refused };
  } catch (error) {
    return { violation: (error as Violation).message };
  }
}

meterAllocations();
// The child closes the channel. If the parent closed it, it would not see the end of this process.
process.on('message', (order: Order) => void run(order).then(() => process.disconnect()));
