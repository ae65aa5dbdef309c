import type { Server } from 'node:http';

export const CONTENT_SECURITY_POLICY: string;
/** @returns how many bytes of script the page and its worker are */
export function buildWeb(outdir?: string): Promise<number>;
/** Serves a folder on this machine alone. */
export function serve(folder: string, port?: number): Promise<Server>;
