// Links to a state of the page of web/, and the files that it saves.
import { readFileSync } from 'node:fs';
import { SoftmaxRegression, toOnnx } from 'softmax-regression';
import { inBrowser } from '../helpers/chromium.js';
import { pictures, usePage } from '../helpers/web-page.js';

inBrowser('a link to the page', () => {
  const web = usePage();
  const { text, error, click, idle } = web;
  afterEach(() => expect(web.complaints).toEqual([]));

  const query = () => new URL(web.page.url()).search;
  /** Opens a link in a page of its own. */
  const follow = async (search: string) => {
    await web.page.context().close();
    await web.open();
    await web.page.goto(`${web.url}/${search}`);
  };
  /** All that a training shows, as text. */
  const seen = async () =>
    web.page.$$eval(
      '#data-state, #accuracy, #loss, #held-out-loss, #weights, #gradient, #gradient-state, #loss-chart',
      (places) =>
        places.map((place) => `${place.textContent} ${place.querySelector('svg')?.getAttribute('aria-label') ?? ''}`),
    );
  const paused = (what: string) =>
    web.page.waitForFunction(
      (wanted) => document.getElementById('status')?.textContent === `Paused after ${wanted}.`,
      what,
    );

  it('shows a finished training again', async () => {
    await click('blobs');
    await web.page.fill('#data-seed', '7');
    await web.page.press('#data-seed', 'Tab');
    await idle();
    await web.page.selectOption('#solver', 'momentum');
    await web.page.fill('#epochs', '12');
    await web.page.fill('#batch-size', '');
    await web.page.fill('#seed', '3');
    expect(query()).not.toContain('at=');
    await click('train');
    expect(query()).toBe(
      '?data=blobs&data-seed=7&solver=momentum&standardize=true&epochs=12&learningRate=0.05&seed=3&at=end',
    );
    const before = await seen();
    await follow(query());
    await idle();
    await web.page.waitForFunction(() => document.getElementById('status')?.textContent?.includes('trained'));
    expect(await seen()).toEqual(before);
    expect([await error(), await web.page.inputValue('#batch-size')]).toEqual(['', '']);
  });

  it('shows a paused training again, on the backend of the link', async () => {
    await web.use('cpu');
    await click('xor');
    for (const what of ['1 iteration', '2 iterations']) {
      await web.page.click('#step');
      await paused(what);
    }
    expect(query()).toMatch(/^\?data=xor&.*&backend=cpu&at=2$/);
    const before = await seen();
    const link = query();
    await follow(link);
    await paused('2 iterations');
    expect(await seen()).toEqual(before);
    expect(await text('backend-state')).toBe('Computes on cpu.');
    await click('stop');
    expect(query()).toBe(`${link}-stopped`);
    const model = await text('accuracy');
    await follow(query());
    await idle();
    await web.page.waitForFunction(() => document.getElementById('status')?.textContent?.startsWith('Stopped'));
    expect(await text('status')).toBe('Stopped after 2 iterations. The model has the weights of that iteration.');
    expect([await text('accuracy'), query(), await error()]).toEqual([model, `${link}-stopped`, '']);
    expect(await web.page.isEnabled('#save')).toBe(true);
  });

  it('starts options that it does not name as the page starts them', async () => {
    await follow('?data=iris&solver=adam');
    await web.page.waitForFunction(() => document.getElementById('data-state')?.textContent?.startsWith('Iris'));
    expect([await web.page.isChecked('#standardize'), await error()]).toEqual([true, '']);
    expect(query()).toBe('?data=iris&solver=adam&standardize=true');
  });

  it.each([
    ['data=iris&solver=lbfgs&batchSize=0', 'In the link, batchSize has no effect with the solver lbfgs.'],
    ['data=iris&data-seed=3', 'In the link, data-seed has no effect with the data iris.'],
    ['data=iris&solver=adam&epochs=3&epochs=4', 'In the link, epochs occurs more than once: the first one counts.'],
    ['data=iris&solver=adam&batchSize=0', 'Batch size must be an integer > 0; got 0.'],
    [
      'data=iris&solver=lbfgs&maxIterations=2&at=100000',
      'The link asks for the state after 100,000 iterations, but the training ended after 2 iterations.',
    ],
    [
      'data=iris&solver=lbfgs&maxIterations=2&colour=red&at=100000',
      'The page has no use for “colour” in the link. ' +
        'The link asks for the state after 100,000 iterations, but the training ended after 2 iterations.',
    ],
  ])('says what it names in vain: %s', async (search, sentence) => {
    await follow(`?${search}`);
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    await idle();
    expect(await error()).toBe(sentence);
  });

  it('leaves the history of the browser alone, so Back leads to the page before', async () => {
    await follow('?data=xor');
    const entries = () => web.page.evaluate(() => history.length);
    await web.page.waitForFunction(() => document.getElementById('data-state')?.textContent?.startsWith('XOR'));
    const before = await entries();
    await click('blobs');
    await click('train');
    await click('iris');
    expect(await entries()).toBe(before);
    await web.page.evaluate(() => {
      location.hash = 'results';
    });
    await click('train');
    await web.page.goBack();
    // The page is still the same, so its address is too.
    await web.page.waitForFunction(
      () => location.search.startsWith('?data=iris') && location.search.endsWith('at=end'),
    );
    expect(await text('accuracy')).toBe('100.0 %');
  });

  it('with nonsense gives words, and what is right in it', async () => {
    await follow('?data=iris&epochs=many&colour=red&at=end&solver=lbfgs&standardize=true');
    await web.page.waitForFunction(() => document.getElementById('status')?.textContent?.includes('trained'));
    expect(await error()).toBe(
      'In the link, epochs must be a number; got “many”. The page has no use for “colour” in the link.',
    );
    expect(await text('accuracy')).toBe('100.0 %');
    await follow('?data=mars&at=3');
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    expect(await error()).toBe('In the link, data must be one of iris, blobs, xor, fashion-mnist; got “mars”.');
    await click('iris');
    await click('train');
    expect([await error(), await text('accuracy')]).toEqual(['', '100.0 %']);
    await follow('?data=xor&solver=sgd&epochs=-4&at=end');
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    expect(await error()).toBe('Epochs must be an integer > 0; got -4.');
    // A change in the form takes the error back.
    await web.page.fill('#epochs', '4');
    expect(await error()).toBe('');
  });

  it('is right in the end, however often and fast the page changes', async () => {
    await follow('?data=iris&solver=lbfgs');
    await web.page.waitForFunction(() => document.getElementById('data-state')?.textContent?.startsWith('Iris'));
    await idle();
    // Browsers refuse many changes in a short time: some by an error, others in silence.
    const entries = await web.page.evaluate(() => {
      const { length } = history;
      const field = document.getElementById('max-iterations') as HTMLInputElement;
      const own = history.replaceState.bind(history);
      let calls = 0;
      history.replaceState = (...args) => {
        calls++;
        if (calls < 3) throw new DOMException('The operation is insecure.', 'SecurityError');
        if (calls > 4) own(...args);
      };
      for (const value of ['1', '2', '3']) {
        field.value = value;
        field.dispatchEvent(new Event('change', { bubbles: true }));
      }
      return length;
    });
    await web.page.waitForFunction(() => location.search.endsWith('maxIterations=3'));
    expect([await error(), await web.page.evaluate(() => history.length)]).toEqual(['', entries]);
  });

  it('is none for data from files', async () => {
    await click('iris');
    expect(query()).toContain('data=iris');
    await web.choose({ 'a.csv': `x,k\n${[...Array(20).keys()].map((i) => `${i},${i % 2}`).join('\n')}\n` });
    await click('read');
    await click('train');
    expect([await error(), query()]).toEqual(['', '']);
    await click('iris');
    const { images, labels } = pictures(20);
    await web.choose({ 'i.idx3': images, 'l.idx1': labels });
    expect([await error(), query()]).toEqual(['', '']);
  });

  it('has a model that can be saved as safetensors and as ONNX', async () => {
    await click('iris');
    await click('train');
    const saved = async (id: string) => {
      const [download] = await Promise.all([web.page.waitForEvent('download'), web.page.click(`#${id}`)]);
      await idle();
      return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
    };
    const [tensors, onnx] = [await saved('save'), await saved('save-onnx')];
    expect([tensors.name, onnx.name]).toEqual(['model.safetensors', 'model.onnx']);
    expect(new Uint8Array(onnx.bytes)).toEqual(new Uint8Array(toOnnx(SoftmaxRegression.fromBytes(tensors.bytes))));
    expect(await text('model-state')).toBe('Saved as model.onnx.');
  });
});
