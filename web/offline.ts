// web: keeps the files of the page in the browser, so that it works without a network.

/**
 * Registers the service worker of the build.
 *
 * @param script its URL, relative to the page
 * @returns whether the page now works offline: not in a browser that refuses to store, nor without https
 */
export async function keepOffline(script = 'service-worker.js'): Promise<boolean> {
  try {
    await navigator.serviceWorker.register(script, { updateViaCache: 'none' });
    return (await navigator.serviceWorker.ready).active !== null;
  } catch {
    return false;
  }
}
