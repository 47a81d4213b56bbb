/** A recipe: what an image is put together from. parse.ts makes one from YAML, the command line from its arguments. */
import type { Range } from '../../core/range.js';
import type { OptionSettings } from '../../regions/option-bytes.js';
import type { DctAssignment } from '../edit/dct-words.js';

/** Version of the form, the value of the key `recipe`. */
export const RECIPE_VERSION = 1;

/**
 * padded: the whole flash, gaps filled. trimmed: from the start of the flash to the last byte given, gaps filled.
 * restore: the whole flash but for the sectors of DCT and EEPROM, which a probe then leaves alone. sparse: only what was
 * given.
 */
export const SHAPES = ['padded', 'trimmed', 'restore', 'sparse'] as const;
export type Shape = (typeof SHAPES)[number];

export const DCT_STYLES = ['single', 'in-place', 'flip'] as const;
export type DctStyle = (typeof DCT_STYLES)[number];

/** A file to take bytes from. */
export interface SourceFile {
  /** As the recipe gives it: relative to the recipe's folder. */
  readonly file: string;
  /** Address of the first byte of a raw binary; default: found out from the content. */
  readonly base?: number | undefined;
}

/** Where in the recipe something stands, for messages: "recipe.yaml, line 7, parts[2]". */
export interface Placed {
  readonly where: string;
}

export type RecipePart =
  /** A module, placed by its header. */
  | ({ readonly kind: 'module'; readonly file: string } & Placed)
  /** Bytes without a place of their own: those of the file, whatever they look like. */
  | ({ readonly kind: 'raw'; readonly file: string; readonly address: number } & Placed)
  /** The same in the short form, where a file with addresses or in a container is told by its content. */
  | ({ readonly kind: 'at'; readonly file: string; readonly address: number } & Placed)
  /** A file that carries addresses: Intel HEX, S-record, ELF, DfuSe. */
  | ({ readonly kind: 'image'; readonly file: string } & Placed)
  /** A region of the board, from another dump. */
  | ({ readonly kind: 'region'; readonly region: string; readonly from: SourceFile } & Placed)
  /** An address range from another dump, as its bytes are. */
  | ({ readonly kind: 'range'; readonly range: Range; readonly from: SourceFile } & Placed)
  /** One value over a range. */
  | ({ readonly kind: 'fill'; readonly range: Range; readonly value: number } & Placed)
  /** A file of the short form: whichever of module and image it is. */
  | ({ readonly kind: 'any'; readonly file: string } & Placed);

export interface RecipeDct extends Placed {
  /** A dump, or DCT sectors; null: a fresh table. */
  readonly from: SourceFile | null;
  /** Changes in words, in this order: serverAddress = cloud.example.com:5683. Several networks are several changes. */
  readonly set: readonly DctAssignment[];
  /** Where an edited table is stored; see EditStyle. */
  readonly style: DctStyle;
}

export interface RecipeEeprom extends Placed {
  readonly from: SourceFile | null;
  /** Index to byte; only without `from`. */
  readonly values: ReadonlyMap<number, number>;
}

export interface RecipeOutput extends Placed {
  readonly file: string;
  /** Format id or file name ending; default: by the file name. */
  readonly format: string | null;
  readonly shape: Shape | null;
}

export interface Recipe {
  readonly name: string;
  /** Id of a board, or the path of a *.board.json; null: particle-p1. */
  readonly board: string | null;
  /** Value of gaps; default: that of erased flash. */
  readonly fill: number | null;
  readonly shape: Shape | null;
  readonly parts: readonly RecipePart[];
  readonly dct: RecipeDct | null;
  readonly eeprom: RecipeEeprom | null;
  /** Module for the factory region. */
  readonly factory: ({ readonly file: string } & Placed) | null;
  /** The word of FLASH_OPTCR, or settings to make it from. */
  readonly optionBytes: { readonly word: number } | OptionSettings | null;
  /** Rules whose findings do not stop the build. */
  readonly allow: readonly string[];
  readonly outputs: readonly RecipeOutput[];
}

/** A recipe that gives nothing, to be completed. */
export const EMPTY_RECIPE: Omit<Recipe, 'name'> = {
  board: null,
  fill: null,
  shape: null,
  parts: [],
  dct: null,
  eeprom: null,
  factory: null,
  optionBytes: null,
  allow: [],
  outputs: [],
};
