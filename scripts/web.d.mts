import type { Server } from 'node:http';

export const CONTENT_SECURITY_POLICY: string;
/** @returns the bytes of script of the page and its worker; and why the small Fashion-MNIST is missing, if it is */
export function buildWeb(outdir?: string): Promise<{ readonly bytes: number; readonly missing: string | undefined }>;
/** Serves a folder to this machine only. */
export function serve(folder: string, port?: number): Promise<Server>;
