import type { Server } from 'node:http';

export const CONTENT_SECURITY_POLICY: string;
/** @returns the bytes of script of the page and its worker */
export function buildWeb(outdir?: string): Promise<number>;
/** Serves a folder to this machine only. */
export function serve(folder: string, port?: number): Promise<Server>;
