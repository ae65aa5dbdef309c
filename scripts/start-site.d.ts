/** The pages of web/, built and served. */
export interface Site {
  /** The address of the pages, without `/` at the end. */
  readonly url: string;
  /** A folder for files of tests. */
  readonly folder: string;
  stopServer(): Promise<void>;
  /** Stops the server and removes the folder. */
  end(): Promise<void>;
}

export function startSite(): Promise<Site>;

/** The program of chromium, if there is one. */
export const CHROMIUM: string | undefined;
