/**
 * Milliseconds that a browser may take to start or to answer once, on a machine however slow. Without a limit, whatever
 * never comes ends with the limit of the test, which leaves the browser running and does not name the wait.
 */
export const BROWSER_LIMIT = 300_000;
