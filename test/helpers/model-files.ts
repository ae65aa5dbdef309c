// Altered model files.
import { createHash } from 'node:crypto';
import { encodeModel, type ModelContent } from '../../src/serialization/model-file.js';

export type Header = { __metadata__: Record<string, string>; [tensor: string]: unknown };

export function split(bytes: Uint8Array): { text: string; data: Uint8Array } {
  const end = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { text: new TextDecoder().decode(bytes.subarray(8, end)).trimEnd(), data: bytes.slice(end) };
}

export function join8(text: string, data: Uint8Array, length?: bigint): Uint8Array {
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(header.length));
  return new Uint8Array(Buffer.concat([size, header, data]));
}

/** A file with a changed header and a valid checksum, so that only the change itself is wrong. */
export function altered(content: ModelContent, change: (header: Header, data: Uint8Array) => void): Uint8Array {
  const { text, data } = split(encodeModel(content));
  const header = JSON.parse(text) as Header;
  const sum = header.__metadata__.sha256;
  change(header, data);
  const { __metadata__: metadata } = header;
  if (typeof metadata === 'object' && metadata.sha256 === sum) {
    const { sha256: _, ...rest } = metadata;
    const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
    const biasBytes = 4 * content.bias.length;
    const hash = createHash('sha256').update(JSON.stringify(sorted));
    metadata.sha256 = hash.update(data.subarray(biasBytes)).update(data.subarray(0, biasBytes)).digest('hex');
  }
  return join8(JSON.stringify(header), data);
}

/** A file that stores the standardisation separately from weight and bias, as files of version 1 may. */
export function withApart(
  content: ModelContent,
  apart: { temperature?: unknown; standardization?: unknown },
): Uint8Array {
  return altered(content, ({ __metadata__: m }) => {
    for (const [key, value] of Object.entries(apart)) if (value !== undefined) m[key] = JSON.stringify(value);
  });
}
