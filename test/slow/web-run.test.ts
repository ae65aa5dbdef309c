// The run bar of the page of web/: step, pause, continue, speed and stop.
import { readFileSync } from 'node:fs';
import { SoftmaxRegression } from 'softmax-regression';
import { inBrowser } from '../helpers/chromium.js';
import { usePage } from '../helpers/web-page.js';

inBrowser('the run bar of the page', () => {
  const web = usePage();
  const { text, error, click, idle } = web;
  afterEach(() => {
    expect(web.complaints).toEqual([]);
  });

  /** Waits for a status that begins so. */
  const status = (start: string) =>
    web.page.waitForFunction((wanted) => document.getElementById('status')?.textContent?.startsWith(wanted), start);
  const saved = async () => {
    const [download] = await Promise.all([web.page.waitForEvent('download'), web.page.click('#save')]);
    return SoftmaxRegression.fromBytes(readFileSync(await download.path()));
  };

  it.each([
    ['sgd', 'epoch'],
    ['lbfgs', 'iteration'],
  ] as const)('goes by single steps with %s, and on to the end', async (solver, noun) => {
    await click('blobs');
    await web.page.selectOption('#solver', solver);
    if (solver === 'sgd') await web.page.fill('#epochs', '4');
    await click('train');
    const whole = { loss: await text('loss'), status: await text('status') };
    const model = await saved();
    for (const steps of [1, 2]) {
      await web.page.click('#step');
      await status(`Paused after ${steps} ${noun}${steps === 1 ? '' : 's'}.`);
      expect(await web.page.locator('#gradient tbody tr').count()).toBe(2);
      expect(await web.page.getAttribute('#loss-chart svg', 'aria-label')).toContain(`after ${steps} ${noun}`);
    }
    expect([await text('pause'), await web.page.isDisabled('#train')]).toEqual(['Play', true]);
    await click('pause');
    expect(await text('pause')).toBe('Pause');
    // The same training, whether it was paused or not.
    expect(await text('loss')).toBe(whole.loss);
    expect((await text('status')).replace(/[\d.]+ s/, '')).toBe(whole.status.replace(/[\d.]+ s/, ''));
    expect((await saved()).weight).toEqual(model.weight);
  });

  it('keeps the weights of a paused training that is stopped', async () => {
    await click('blobs');
    await web.page.selectOption('#solver', 'momentum');
    await web.page.fill('#epochs', '2');
    await click('train');
    const model = await saved();
    await web.page.fill('#epochs', '50');
    await web.page.click('#step');
    await status('Paused after 1 epoch.');
    await web.page.click('#step');
    await status('Paused after 2 epochs.');
    expect(await web.page.isVisible('#save-hint')).toBe(true);
    await click('stop');
    expect(await text('status')).toBe('Stopped after 2 epochs. The model has the weights of that epoch.');
    expect(await web.page.isVisible('#save-hint')).toBe(false);
    expect((await saved()).weight).toEqual(model.weight);
    expect([await error(), await web.page.isEnabled('#train'), await text('pause')]).toEqual(['', true, 'Pause']);
  });

  it.each([
    [20, 3, [1, 2, 3].map((n) => `Paused after ${n} epoch${n === 1 ? '' : 's'}.`)],
    [5000, 2, ['Paused after 1 epoch.', 'Paused after 2 epochs.']],
  ])(
    'keeps the options of a training of %i epochs that is stopped, and says so in the report',
    async (epochs, steps, shown) => {
      await click('blobs');
      await web.page.selectOption('#solver', 'adam');
      await web.page.fill('#epochs', String(epochs));
      await web.page.fill('#batch-size', '48');
      await web.page.fill('#learning-rate', '0.03');
      await web.page.fill('#l2', '0.001');
      await web.page.fill('#seed', '7');
      for (const each of shown) {
        await web.page.click('#step');
        await status(each);
      }
      await click('stop');
      const options = { solver: 'adam', l2: 0.001, standardize: true, batchSize: 48, learningRate: 0.03, seed: 7 };
      expect((await saved()).options).toMatchObject({ ...options, epochs: steps });
      await idle();
      const [download] = await Promise.all([web.page.waitForEvent('download'), web.page.click('#report')]);
      const html = readFileSync(await download.path(), 'utf8');
      expect(html).toContain(`Stopped by hand after ${steps} of ${epochs.toLocaleString('en')} epochs.`);
      expect(html).not.toContain('All epochs completed');
    },
  );

  it('counts each click on Step, however quickly they come', async () => {
    await click('blobs');
    await web.page.selectOption('#solver', 'sgd');
    await web.page.evaluate(() => {
      const heard: (string | null)[] = [];
      const place = document.getElementById('status') as HTMLElement;
      new MutationObserver(() => heard.push(place.textContent)).observe(place, { childList: true });
      Object.assign(globalThis, { heard });
      for (let i = 0; i < 4; i++) document.getElementById('step')?.click();
    });
    await status('Paused after 4 epochs.');
    await web.page.evaluate(() => {
      for (let i = 0; i < 3; i++) document.getElementById('step')?.click();
    });
    await status('Paused after 7 epochs.');
    // Each step is shown on the way.
    expect(await web.page.getAttribute('#loss-chart svg', 'aria-label')).toContain('after 7 epochs');
    // Play takes back the clicks that are not done yet.
    await web.page.evaluate(() => {
      for (const id of ['step', 'step', 'pause', 'pause']) document.getElementById(id)?.click();
    });
    await click('stop');
    expect(await error()).toBe('');
  });

  it('pauses a training that runs, and goes slowly if asked', async () => {
    await click('blobs');
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#epochs', '1000000');
    await web.page.selectOption('#speed', '1000');
    await web.page.click('#train');
    const shown = async () =>
      Number(
        /after ([\d,]+) epoch/
          .exec((await web.page.getAttribute('#loss-chart svg', 'aria-label')) ?? '')?.[1]
          .replaceAll(',', '') ?? 0,
      );
    await web.page.waitForFunction(() => document.getElementById('loss')?.textContent !== '–');
    // At full speed there are hundreds of epochs in a second.
    expect(await shown()).toBeLessThan(20);
    await web.page.selectOption('#speed', '0');
    await web.page.waitForFunction(() =>
      /after (?:\d{3,}|[\d,]{5,}) epochs/.test(
        document.querySelector('#loss-chart svg')?.getAttribute('aria-label') ?? '',
      ),
    );
    await web.page.click('#pause');
    await status('Paused after ');
    const paused = await shown();
    await web.page.click('#step');
    await status(`Paused after ${(paused + 1).toLocaleString('en')} epochs.`);
    await click('stop');
  });

  it('can be stepped by keyboard, with the focus on Step', async () => {
    await click('iris');
    await web.page.focus('#step');
    for (const steps of ['1 iteration', '2 iterations', '3 iterations']) {
      await web.page.keyboard.press('Enter');
      await status(`Paused after ${steps}.`);
      expect(await web.page.evaluate(() => document.activeElement?.id)).toBe('step');
    }
    await web.page.keyboard.press('Tab');
    await web.page.keyboard.press('Enter');
    await idle();
    expect(await text('accuracy')).toBe('100.0 %');
    expect(await web.page.evaluate(() => document.activeElement?.id)).toBe('step');
  });
});
