// Runs cases one after the other, and tells the parent of each before it begins: a process that hangs or dies is known by its case.
import { assertPrototypes, meterAllocations, prototypes, refusalOf, takeAllocated, type Violation } from './guard.js';
import { caseRandom } from './mutate.js';
import type { Target } from './target.js';
import { TARGETS } from './targets.js';

export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Findings after which it ends. */
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
  /** The most that one case took: seconds of the processor, bytes in arrays. */
  readonly slowest: number;
  readonly largest: number;
}

/** Seconds of the processor that a case may take. */
const MAX_SECONDS = 2;
/** Until the parent can read it: whatever comes next may end this process. */
const told = (message: Message) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));

async function run({ target: name, seed, from, to, most }: Order): Promise<void> {
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
    const violation = code.violation ?? (seconds > MAX_SECONDS ? `it takes ${seconds} s of the processor` : undefined);
    if (violation !== undefined) {
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
// The channel is closed from here: closed by the parent, the end of this process goes unseen.
process.on('message', (order: Order) => void run(order).then(() => process.disconnect()));
