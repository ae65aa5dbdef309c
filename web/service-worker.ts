// web: the service worker. It keeps the files of one build, so that the page works without a network.

/** Of this build; scripts/web.mjs writes both. */
declare const BUILD: { readonly version: string; readonly files: readonly string[] };

interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** The global scope of a service worker. TypeScript's types here are those of a window. */
const scope = globalThis as unknown as {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
};

/** Caches belong to an origin, which may hold several builds. */
const PREFIX = `softmax-regression ${scope.registration.scope} `;
const NAME = PREFIX + BUILD.version;
/** Those of the chapter include files beside its folder. */
const URLS = new Set(BUILD.files.map((file) => new URL(file, scope.registration.scope).href));

scope.addEventListener('install', (event) => event.waitUntil(keep()));
scope.addEventListener('activate', (event) => event.waitUntil(replace()));
scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && (URLS.has(url) || url.startsWith(scope.registration.scope)))
    event.respondWith(answer(event.request));
});

async function keep(): Promise<void> {
  const cache = await caches.open(NAME);
  // The server says whether a file has changed: an older one in the browser's own cache is not of this build.
  await cache.addAll(BUILD.files.map((file) => new Request(file, { cache: 'no-cache' })));
  await scope.skipWaiting();
}

/** This build in place of the one before it, in open pages too. */
async function replace(): Promise<void> {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(older.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** From the network, so that a new build is seen at once; without one, from the files that are kept. */
async function answer(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const { origin, pathname } = new URL(request.url);
    const file = `${origin}${pathname}${pathname.endsWith('/') ? 'index.html' : ''}`;
    const cache = await caches.open(NAME);
    return (await cache.match(file, { ignoreVary: true })) ?? Response.error();
  }
}
