/** Edits of the DCT in words, as recipes and commands write them. */
import { UsageError } from '../../core/errors.js';
import { nearest } from '../../layout/nearest.js';
import type { DctEdit } from '../../regions/dct/edit.js';
import { encodeServerAddress } from '../../regions/dct/encode.js';

const WORDS = ['serverAddress'] as const;

/** @throws UsageError DCT_UNKNOWN_WORD, DCT_BAD_VALUE */
export function dctEdits(words: Readonly<Record<string, string>>): DctEdit[] {
  return Object.entries(words).map(([word, value]): DctEdit => {
    if (word === 'serverAddress') return { field: 'server_address', bytes: encodeServerAddress({ address: value }) };
    const near = nearest(word, WORDS);
    throw new UsageError({
      code: 'DCT_UNKNOWN_WORD',
      what: 'no DCT setting has this name',
      expected: WORDS.join(', '),
      got: JSON.stringify(word),
      help: near ? `Did you mean ${near}?` : 'Give the field as it is stored, under "fields".',
    });
  });
}
