// A lock is taken over from the dead only. Polls end at once here, so nothing depends on a clock or on the machine.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../src/node/lock.js';
import { livenessOf, thisProcess } from '../src/node/processes.js';
import { temporaryBeside } from '../src/node/temporary.js';

let polls = 0;
let atPoll: (poll: number) => void = () => {};
jest.mock('node:timers/promises', () => ({
  setTimeout: async (_: number, __: undefined, { signal }: { signal?: AbortSignal } = {}) => {
    atPoll(++polls);
    await new Promise(setImmediate);
    signal?.throwIfAborted();
  },
}));

let folder: string;
let target: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-test-'));
  target = join(folder, 'target');
  lock = `${target}.lock`;
  polls = 0;
  atPoll = () => {};
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const hold = (owner: object, path = lock) =>
  writeFileSync(path, JSON.stringify({ ...thisProcess(), id: 'x', ...owner }));

/** A pid that no process has: Linux has fewer than 2²² pids. */
const DEAD = { pid: 2 ** 30 };

async function deadChild(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid as number;
}

/** Five callers wait for the lock at once; no two of them hold it together. */
async function assertOneAtATime(): Promise<void> {
  let inside = 0;
  const work = async () => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(target, work)));
}

describe('withLock', () => {
  it('runs one work at a time', async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      events.push(`${name} ends`);
    };
    await Promise.all([withLock(target, work('a')), withLock(target, work('b')), withLock(target, work('c'))]);
    const order = events.map((event) => event.split(' ')[0]);
    expect(order).toEqual([order[0], order[0], order[2], order[2], order[4], order[4]]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is released if the work throws', async () => {
    await expect(withLock(target, () => Promise.reject(new Error('planted')))).rejects.toThrow('planted');
    expect(existsSync(lock)).toBe(false);
  });

  it('is taken over from a process that died', async () => {
    hold({ pid: await deadChild() });
    expect(await withLock(target, async () => 'done')).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over by exactly one of several waiting callers', async () => {
    hold(DEAD);
    await assertOneAtATime();
  });

  it('waits for a running process, reports it once, and stops waiting when aborted', async () => {
    hold({});
    const controller = new AbortController();
    const onWait = jest.fn(() => controller.abort());
    const work = jest.fn();
    const waiting = withLock(target, work, { signal: controller.signal, onWait });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(onWait.mock.calls).toEqual([[`wait for process ${process.pid}, which holds ${lock}`]]);
    expect(work).not.toHaveBeenCalled();
    expect(existsSync(lock)).toBe(true);
  });
});

describe('the lock of a process that cannot be checked', () => {
  const work = jest.fn(async () => 'done');
  beforeEach(() => work.mockClear());

  const DAY = 86_400;
  const now = Date.now() / 1000;
  it.each([
    ['1970', 0],
    ['now', now],
    ['a day ahead, after the clock was set back', now + DAY],
    ['2100', 130 * 365 * DAY],
  ])('is not taken over if its time is %s, and the error names it', async (_, time) => {
    hold({ host: 'elsewhere', pid: 7 });
    utimesSync(lock, time, time);
    await expect(withLock(target, work)).rejects.toMatchObject({
      code: 'BACKEND',
      where: lock,
      actual: 'process 7 of elsewhere',
      hint: expect.stringMatching(`If it no longer works: rm ${lock}$`),
    });
    expect(polls).toBe(300);
    expect(work).not.toHaveBeenCalled();
    rmSync(lock);
    expect(await withLock(target, work)).toBe('done');
  });

  it.each([
    ['forward', 1],
    ['backward', -1],
    ['in a circle', 0],
  ])('is waited for while it gives signs, though the clock runs %s', async (_, direction) => {
    hold({ host: 'elsewhere', pid: 7 });
    jest.spyOn(Date, 'now').mockImplementation(() => 1e12 + direction * polls * 1e7);
    atPoll = (poll) => {
      const time = 1e9 + (direction === 0 ? poll % 2 : direction * poll) * 1e4;
      if (poll % 299 === 0) utimesSync(lock, time, time);
      if (poll === 2000) rmSync(lock);
    };
    const onWait = jest.fn();
    expect(await withLock(target, work, { onWait })).toBe('done');
    expect(onWait.mock.calls).toEqual([[`wait for process 7 of elsewhere, which holds ${lock}`]]);
  });

  it.each([
    '',
    'null',
    '{"pid":1}',
    '{"pid":0,"host":"h","start":"","id":"x"}',
    '{"pid":1,"host":"h","start":"","id":"../x"}',
  ])('is not taken over if it names no process: %j', async (content) => {
    writeFileSync(lock, content);
    utimesSync(lock, 0, 0);
    await expect(withLock(target, work)).rejects.toMatchObject({ actual: 'a file that names no process' });
    expect(readFileSync(lock, 'utf8')).toBe(content);
  });

  it('is not taken over if it is a link to nothing', async () => {
    symlinkSync('nothing', lock);
    await expect(withLock(target, work)).rejects.toMatchObject({ where: lock });
  });

  it('is one of another start of the same machine, or of another container', async () => {
    const { host } = thisProcess();
    expect(livenessOf({ ...thisProcess(), ...DEAD, host: `${host}0` })).toBe('unknown');
    if (process.platform !== 'linux') return;
    expect(host).toMatch(/ pid:\[\d+\] [0-9a-f-]{36}$/);
    hold({ ...DEAD, host: host.replace(/[0-9a-f]{8}-/, '00000000-') });
    await expect(withLock(target, work)).rejects.toMatchObject({ where: lock });
    hold({ ...DEAD, host: host.replace(/\[\d+\]/, '[1]') });
    await expect(withLock(target, work)).rejects.toMatchObject({ where: lock });
    expect(work).not.toHaveBeenCalled();
  });
});

describe('the lock of a process of this machine', () => {
  it.each([
    ['1970', 0],
    ['2100', 4.1e9],
  ])('is taken over from the dead if its time is %s', async (_, time) => {
    hold(DEAD);
    utimesSync(lock, time, time);
    expect(await withLock(target, async () => 'done')).toBe('done');
    expect(polls).toBe(0);
  });

  it('is not taken over from the living, however long it gives no sign', async () => {
    hold({});
    utimesSync(lock, 0, 0);
    const controller = new AbortController();
    const work = jest.fn();
    atPoll = (poll) => poll === 1000 && controller.abort(new Error('waited enough'));
    await expect(withLock(target, work, { signal: controller.signal })).rejects.toThrow('waited enough');
    expect(work).not.toHaveBeenCalled();
  });

  (process.platform === 'linux' ? it : it.skip)('is taken over from a process whose pid is in use again', async () => {
    hold({ start: '1' });
    expect(await withLock(target, async () => 'done')).toBe('done');
  });

  (process.platform === 'linux' ? it : it.skip)(
    'stays that of a stopped process, which is named with the command that continues it',
    async () => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      const pid = child.pid as number;
      const start = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
      const until = async (letter: RegExp) => {
        while (!letter.test(start()[0])) await new Promise(setImmediate);
      };
      try {
        child.kill('SIGSTOP');
        await until(/T/);
        hold({ pid, start: start()[19] });
        utimesSync(lock, 0, 0);
        const said: string[] = [];
        atPoll = (poll) => {
          if (poll === 1000) void continueAndEnd(child, until);
        };
        const work = async () => {
          expect(livenessOf({ ...thisProcess(), pid, start: 'x' })).toBe('dead');
        };
        await withLock(target, work, { onWait: (phrase) => said.push(phrase) });
        expect(polls).toBeGreaterThanOrEqual(1000);
        expect(said[0]).toBe(
          `wait for process ${pid}, which is stopped and holds ${lock}; to continue it: kill -CONT ${pid}`,
        );
      } finally {
        child.kill('SIGKILL');
      }
    },
  );

  async function continueAndEnd(child: ChildProcess, until: (letter: RegExp) => Promise<void>): Promise<void> {
    child.kill('SIGCONT');
    await until(/[^T]/);
    child.kill('SIGKILL');
  }
});

describe('a claim to the lock of a dead process', () => {
  const claimOf = (id: string) => `${lock}.${id}.claim`;

  it('is left to a living claimer', async () => {
    hold({ ...DEAD, id: 'gone' });
    hold({ id: 'claimer' }, claimOf('gone'));
    const controller = new AbortController();
    atPoll = (poll) => poll === 1000 && controller.abort(new Error('waited enough'));
    await expect(withLock(target, jest.fn(), { signal: controller.signal })).rejects.toThrow('waited enough');
    expect(existsSync(claimOf('gone'))).toBe(true);
  });

  it('is followed by one of several waiting callers if its claimer died, and no claim is left', async () => {
    hold({ ...DEAD, id: 'gone' });
    hold({ ...DEAD, id: 'first' }, claimOf('gone'));
    hold({ ...DEAD, id: 'second' }, claimOf('first'));
    // A claimer that was killed while it wrote its claim.
    const { pid } = process;
    writeFileSync(temporaryBeside(lock).replace(`-${pid}-`, `-${DEAD.pid}-`), '');
    await assertOneAtATime();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is void once the lock has another owner: a process that was stopped before it claimed', async () => {
    hold({ ...DEAD, id: 'gone' });
    let first = true;
    // Between the look at the dead owner and the claim, another process takes the lock over.
    const { kill } = process;
    jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
      if (first && pid === DEAD.pid) hold({ id: 'living' });
      first = false;
      return kill(pid, signal);
    });
    const controller = new AbortController();
    atPoll = (poll) => poll === 100 && controller.abort(new Error('waited enough'));
    const work = jest.fn();
    await expect(withLock(target, work, { signal: controller.signal })).rejects.toThrow('waited enough');
    expect(work).not.toHaveBeenCalled();
    expect(JSON.parse(readFileSync(lock, 'utf8')).id).toBe('living');
    expect(readdirSync(folder)).toEqual(['target.lock']);
  });
});
