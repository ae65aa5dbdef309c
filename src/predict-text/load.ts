// predict-text: a vectorizer from its file.
import { FormatError } from '../core/errors.js';
import type { TextVectorizer } from '../features/text/transformer.js';
import { assertChecksum, assertContiguous, type Kind, readHeader, readMetadata } from '../predict/container.js';
import { type Check, checkOf, parseJson } from '../predict/json.js';
import { modelChecksum } from '../predict/model-file.js';
import { bytesOf } from '../predict/predictor.js';
import { assertHead, tensorNames, vectorizerOf, vectorizerPlaces } from './stored.js';

/** The format of a file that has a vectorizer alone. */
export const VECTORIZER: Kind = {
  format: 'softmax-regression-vectorizer',
  version: 1,
  hint: (format) =>
    format === 'softmax-regression'
      ? 'It is a model: use loadPredictor.'
      : 'It may be a safetensors file of another program.',
};

/**
 * A vectorizer from the bytes that `encodeVectorizer` writes. It needs no learning code, and no other package.
 *
 * Its rows equal those of the stored vectorizer bit for bit. Structure and checksum of the file are checked first.
 *
 * @throws an error with `code` 'FORMAT' if the bytes are not one complete file of a known version
 * @example
 * const vectorizer = loadTextVectorizer(await (await fetch('words.safetensors')).arrayBuffer());
 * vectorizer.transform(['red red rose']).values   // of words learned from 'red red rose' and 'blue rose': [0.9422, 0.3352]
 */
export function loadTextVectorizer(bytes: Uint8Array | ArrayBuffer): TextVectorizer {
  const where = 'loadTextVectorizer';
  const check: Check = checkOf(FormatError, where);
  const file = bytesOf(bytes, where);
  const { header, start } = readHeader(file, check);
  const metadata = readMetadata(header, VECTORIZER, check);
  const head = parseJson(metadata.vectorizer, 'vectorizer', check);
  assertHead(head, check);
  const names = tensorNames(head);
  const { __metadata__: _, ...tensors } = header;
  const found = Object.keys(tensors).sort().join(' and ');
  check(found === names.join(' and '), 'header', `name the tensors ${names.join(' and ') || 'of no name'}`, found);
  const places = vectorizerPlaces(head, header, '', check);
  assertContiguous(places, file.length - start, check);
  const parts = places.map((at) => file.subarray(start + at.start, start + at.end));
  assertChecksum(metadata.sha256, modelChecksum(metadata, parts), check);
  return vectorizerOf(head, parts, where);
}
