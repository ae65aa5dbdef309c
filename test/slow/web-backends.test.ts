// The page of web/ on machines of other kinds: which backend it takes, and what it does if the computation ends.
import { inBrowser } from '../helpers/chromium.js';
import { usePage, WebPage } from '../helpers/web-page.js';

const radio = (backend: string) => `[name=backend][value=${backend}]`;

inBrowser('the page on a GPU that must be read asynchronously', () => {
  const web = usePage(['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-webgpu-adapter=swiftshader']);

  it('starts with wasm, and marks it', async () => {
    expect(await web.page.isChecked(radio('wasm'))).toBe(true);
    expect(await web.text('backend-state')).toBe('Computes on wasm.');
  });

  it('computes on webgpu, and proves the gradient there', async () => {
    await web.use('webgpu');
    await web.click('iris');
    await web.click('train');
    expect(await web.error()).toBe('');
    expect(await web.text('accuracy')).toBe('100.0 %');
    expect(await web.text('proof')).toContain('All three agree on webgpu');
  });

  /** The worker throws: at once, or in place of its answer to a question. */
  const fail = (question?: 'openFiles' | 'openTable' | 'save') =>
    web.page.workers()[0].evaluate((name) => {
      const lose = () => {
        throw new Error('lost');
      };
      const worker = globalThis as unknown as { onmessage: (event: MessageEvent<{ name: string }>) => void };
      const answer = worker.onmessage;
      if (name === undefined) setTimeout(lose);
      else worker.onmessage = (event) => (event.data.name === name ? lose() : answer.call(worker, event));
    }, question);

  it.each<[string, () => Promise<unknown>]>([
    ['at rest', () => fail()],
    [
      'while it trains',
      async () => {
        await web.page.selectOption('#solver', 'sgd');
        await web.page.fill('#epochs', '1000000');
        await web.page.click('#train');
        await web.page.waitForFunction(() => document.getElementById('loss')?.textContent !== '–');
        await fail();
      },
    ],
    [
      'while it opens a file',
      async () => {
        await fail('openFiles');
        await web.page.setInputFiles('#files', { name: 'a.csv', mimeType: '', buffer: Buffer.from('x,k\n1,a\n2,b\n') });
      },
    ],
    [
      'while it reads a table',
      async () => {
        await web.choose({ 'a.csv': 'x,k\n1,a\n2,b\n' });
        await fail('openTable');
        await web.page.click('#read');
      },
    ],
    [
      'while it saves the model',
      async () => {
        await fail('save');
        await web.page.click('#save');
      },
    ],
  ])('begins again after the worker was lost %s', async (_, lose) => {
    await web.click('iris');
    await web.click('train');
    await web.page.waitForSelector('#answer .bar');
    await lose();
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    expect(await web.error()).toBe(
      'The computation ended with an error, and data and model are lost. Choose data again.',
    );
    await web.idle();
    for (const id of ['train', 'save']) expect([id, await web.page.isEnabled(`#${id}`)]).toEqual([id, false]);
    for (const id of ['predict', 'table']) expect([id, await web.page.isVisible(`#${id}`)]).toEqual([id, false]);
    expect([await web.text('data-state'), await web.text('model-state')]).toEqual(['', '']);
    await web.click('iris');
    await web.click('train');
    expect([await web.error(), await web.text('accuracy')]).toEqual(['', '100.0 %']);
    expect(await web.text('proof')).toContain('on wasm');
  });
});

inBrowser('the page on a machine that lacks something', () => {
  const web = new WebPage();
  beforeAll(() => web.start());
  afterAll(() => web.end());
  afterEach(() => web.page.context().close());

  /** Opens the page where the worker lacks a global. */
  const openWithout = (name: string) =>
    web.open({}, (page) =>
      page.route('**/worker.js', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `delete globalThis.${name};${await response.text()}` });
      }),
    );

  it.each([
    ['has no workers', 'Worker'],
    ['refuses the worker', undefined],
  ])('says so where the browser %s, each time, and keeps the link', async (_, missing) => {
    const search = '?data=iris&solver=lbfgs&at=end';
    const message = 'The worker of this page did not load. Reload the page.';
    await web.open({}, async (page) => {
      if (missing === undefined) await page.route('**/worker.js', (route) => route.fulfill({ status: 404, body: '' }));
      else await page.addInitScript((name) => void Reflect.deleteProperty(globalThis, name), missing);
    });
    await web.page.goto(`${web.url}/${search}`);
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    await web.idle();
    expect([await web.error(), new URL(web.page.url()).search]).toEqual([message, search]);
    await web.click('blobs');
    expect(await web.error()).toBe(message);
    await web.choose({ 'a.csv': 'x,k\n1,a\n2,b\n' });
    expect([await web.error(), await web.page.isEnabled('#train')]).toEqual([message, false]);
    const own = web.complaints.filter((complaint) => !complaint.startsWith('Failed to load resource'));
    expect(own).toEqual([]);
  });

  it('keeps the backend that it has if another does not start', async () => {
    await openWithout('OffscreenCanvas');
    await web.page.click('label:has([value=webgl])');
    await web.idle();
    expect(await web.error()).toMatch(/^The backend webgl does not work here: [^.]+\.$/);
    expect(await web.page.isChecked(radio('wasm'))).toBe(true);
    expect(await web.page.isDisabled(radio('webgl'))).toBe(true);
    await web.click('iris');
    await web.click('train');
    expect(await web.text('accuracy')).toBe('100.0 %');
  });

  it('takes another backend without WebAssembly, and says why', async () => {
    await openWithout('WebAssembly');
    expect(await web.page.isChecked(radio('wasm'))).toBe(false);
    expect(await web.page.locator('[name=backend]:checked').count()).toBe(1);
    expect(await web.text('backend-state')).toMatch(/^Computes on (webgpu|webgl|cpu)/);
    await web.click('iris');
    await web.click('train');
    expect([await web.error(), await web.text('accuracy')]).toEqual(['', '100.0 %']);
  });
});
