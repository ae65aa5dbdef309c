// What work is refused with, for tests of errors.

/** The name and the message of the error that work throws; 'accepted' if it throws none. */
export function refusal(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** The same of work that rejects. */
export function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}
