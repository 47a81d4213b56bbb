/** A fresh DCT: as the factory image holds one, with the given fields, alone or in the place of the one in a dump. */
import { MemoryImage } from '../../core/image.js';
import type { Board } from '../../layout/types.js';
import { buildDct, type DctEdit, dctField, toWrite } from '../../regions/dct/index.js';
import { regionPair } from '../inspect/configuration.js';
import { replaced } from '../replace.js';
import type { DctEdited, DctFile } from './dct-edit.js';

export interface NewDctOptions {
  readonly edits: readonly DctEdit[];
  /** With a version record and its check value, as after a write by 0.7.0 or later; factory images have none. */
  readonly versionRecord?: boolean | undefined;
}

export interface NewDct {
  readonly image: MemoryImage;
  readonly copy1: Uint8Array;
  readonly copy2: Uint8Array;
  /** What the firmware does about what is not set, as sentences. */
  readonly notes: readonly string[];
}

/** Both sectors at their place on the board. @throws BuildError and UsageError as buildDct */
export function newDct(board: Board, { edits, versionRecord = false }: NewDctOptions): NewDct {
  const { copy1, copy2 } = buildDct({ edits, versionRecord });
  const [first, second] = regionPair(board.regions, 'dct') ?? [];
  const start = first?.start ?? 0;
  const image = MemoryImage.fromSegments([
    { address: start, bytes: copy1 },
    { address: second?.start ?? start + copy1.length, bytes: copy2 },
  ]);
  return { image, copy1, copy2, notes: notesOn(edits) };
}

/** The same in the place of whatever DCT the input holds. @throws BuildError, UsageError */
export function newDctInto(file: DctFile, options: NewDctOptions): DctEdited & Pick<NewDct, 'notes'> {
  const { copy1, copy2, notes } = newDct(file.source.board, options);
  let { image } = file.source;
  for (const [index, bytes] of [copy1, copy2].entries()) {
    const region = file.source.dctRegions?.[index];
    if (region && file.only !== (index === 0 ? 2 : 1)) image = replaced(image, region, bytes);
  }
  const result = { file, image, style: 'single', fresh: true, before: null, wiped: false, flips: 0 } as const;
  return { ...result, after: { number: 1, bytes: copy1 }, pair: { copy1, copy2 }, notes };
}

function notesOn(edits: readonly DctEdit[]): string[] {
  const writes = edits.map(toWrite);
  const has = (key: string): boolean => {
    const { section, offset } = dctField(key);
    return writes.some(
      (write) => write.section === section && write.offset <= offset && write.offset + write.bytes.length > offset,
    );
  };
  const notes: string[] = [];
  if (!has('device_private_key')) {
    notes.push('No device key: the firmware makes one at its first start, which the cloud does not know yet.');
  }
  if (!has('server_public_key')) {
    notes.push('No server key: firmware from 0.7.0 uses its built-in one, older firmware cannot connect to the cloud.');
  }
  if (!has('server_address')) {
    notes.push('No server address: the firmware uses its built-in one.');
  }
  return notes;
}
