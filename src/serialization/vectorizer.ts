// serialization: the file of a text vectorizer, and its tensors for a file that has more.
import { DomainError, type ErrorFields } from '../core/errors.js';
import { assertObject, describe } from '../core/shape.js';
import type { TextVectorizer, VectorizerState } from '../features/text/transformer.js';
import { sortedJson } from '../predict/json.js';
import { modelChecksum } from '../predict/model-file.js';
import { VECTORIZER } from '../predict-text/load.js';
import { encodeContainer, layOut, littleEndian, type StoredTensor } from './container.js';

/** The kind and the options of a vectorizer, as JSON. */
export function vectorizerHead({ kind, options }: VectorizerState): string {
  return sortedJson({ kind, options });
}

/**
 * The tensors of a vectorizer, in the order of its checksum, with a prefix before their names: `idf`, F64 [terms], with weights;
 * `term_offsets`, I32 [terms + 1]; and `terms`, U8, all of them as UTF-8. A hashing vectorizer has none.
 */
export function vectorizerTensors(state: VectorizerState, prefix = ''): Record<string, StoredTensor> {
  if (state.kind === 'hashing') return {};
  const idf = state.kind === 'tfidf' ? state.idf : undefined;
  const { bytes, offsets } = state.terms;
  const tensor = (values: StoredTensor['values']): StoredTensor => ({ shape: [values.length], values });
  return {
    ...(idf && { [`${prefix}idf`]: tensor(idf) }),
    [`${prefix}term_offsets`]: tensor(offsets),
    [`${prefix}terms`]: tensor(bytes),
  };
}

/**
 * A vectorizer as a safetensors file, which `loadTextVectorizer` reads.
 *
 * Its `__metadata__` has `format`, `version`, `vectorizer` (JSON of kind and options) and `sha256`, the checksum of the metadata
 * without it, as in a model file, then of the bytes of the tensors.
 *
 * @returns the same bytes for the same vectorizer, in Node and in browsers
 * @throws DomainError if it is not a vectorizer, or its options exceed a header of 16 MiB
 */
export function encodeVectorizer(vectorizer: TextVectorizer): Uint8Array {
  const where = 'encodeVectorizer';
  assertObject(vectorizer, where, 'vectorizer', 'be a vectorizer');
  const { state } = vectorizer;
  const fail = (fields: Omit<ErrorFields, 'where'>) => new DomainError({ where, ...fields });
  if (!['count', 'tfidf', 'hashing'].includes(state?.kind)) {
    throw fail({ argument: 'vectorizer', expected: 'be a vectorizer', actual: describe(vectorizer) });
  }
  const tensors = vectorizerTensors(state);
  const metadata: Record<string, string> = {
    format: VECTORIZER.format,
    version: String(VECTORIZER.version),
    vectorizer: vectorizerHead(state),
  };
  metadata.sha256 = modelChecksum(
    metadata,
    Object.values(tensors).map(({ values }) => littleEndian(values)),
  );
  return encodeContainer(metadata, layOut(tensors), fail);
}
