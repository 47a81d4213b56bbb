/**
 * The schema check. The schema library is loaded here and nowhere else, and check.ts loads this file only when a file is
 * to be checked: that takes longer than reading a built-in board.
 */
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { BoardSchema, ChipSchema } from './schema.js';

export type FileKind = 'chip' | 'board';

/** One finding of the schema library; the shape it shares with other JSON Schema validators. */
export interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
}

/** What in a file does not have the form of its kind, at most about `limit` errors. */
export function formErrors(
  kind: FileKind,
  file: unknown,
  limit: number,
): { readonly schema: object; readonly errors: readonly SchemaError[] } {
  const schema = kind === 'chip' ? ChipSchema : BoardSchema;
  // The library stops at eight errors otherwise.
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: limit });
  try {
    return { schema, errors: Value.Errors(schema, file) };
  } finally {
    Settings.Set({ maxErrors });
  }
}
