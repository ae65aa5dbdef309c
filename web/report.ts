// web: the charts of the report, which the page loads when it needs them.

/** @throws an error in the words of the page, if they do not load */
export async function loadReport(): Promise<typeof import('softmax-regression/report')> {
  try {
    return await import('softmax-regression/report');
  } catch {
    throw new Error('The charts of the report cannot be loaded. Check the network, and try again.');
  }
}
