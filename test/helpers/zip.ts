// Zip archives for tests, also malformed ones.
import { crc32 } from 'node:zlib';

export interface ZipEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** The mode of Unix, with the type of the file. */
  readonly mode?: number;
  /** The name in the local header, if it is another one. */
  readonly localName?: string;
  /** The size that the entry claims to unpack to. */
  readonly claimed?: number;
  /** 0: stored, 8: deflated. */
  readonly method?: number;
  readonly flags?: number;
  /** Extra fields of the central directory. */
  readonly extra?: Buffer;
  /** The number of the entry whose content this one shares. */
  readonly over?: number;
}

/** A zip archive of these entries, in this order. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  entries.forEach((entry, i) => {
    const { mode = 0o100644, method = 0, flags = 0, extra = Buffer.alloc(0), over } = entry;
    const name = Buffer.from(entry.name as string);
    const content = Buffer.from((entry.content ?? '') as string);
    const fieldsFor = (nameLength: number, extraLength: number) => {
      const fields = Buffer.alloc(26);
      fields.writeUInt16LE(20, 0);
      fields.writeUInt16LE(flags, 2);
      fields.writeUInt16LE(method, 4);
      fields.writeUInt32LE(content.length, 14);
      fields.writeUInt32LE(entry.claimed ?? content.length, 18);
      fields.writeUInt16LE(nameLength, 22);
      fields.writeUInt16LE(extraLength, 24);
      return fields;
    };
    const localName = Buffer.from(entry.localName ?? name);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fieldsFor(localName.length, 0), localName, content]);
    offsets.push(over === undefined ? offset : offsets[over]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(mode * 2 ** 16, 6);
    tail.writeUInt32LE(offsets[i], 10);
    const fields = fieldsFor(name.length, extra.length);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), fields, tail, name, extra);
    if (over === undefined) {
      locals.push(local);
      offset += local.length;
    }
  });
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, ...directory, Buffer.from('PK\x05\x06'), end]);
}

/** The extra field 0x7075, Info-ZIP Unicode Path, which replaces the name of an entry. */
export function unicodePath(name: string, path: string): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt16LE(0x7075, 0);
  head.writeUInt16LE(5 + Buffer.byteLength(path), 2);
  head[4] = 1;
  head.writeUInt32LE(crc32(name), 5);
  return Buffer.concat([head, Buffer.from(path)]);
}
