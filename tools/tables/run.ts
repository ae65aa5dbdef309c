// npm run docs:tables: writes the generated tables of the docs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLES, withTable } from './tables.js';

for (const each of TABLES) {
  const path = join(__dirname, '..', '..', each.page);
  writeFileSync(path, withTable(readFileSync(path, 'utf8'), each));
}
