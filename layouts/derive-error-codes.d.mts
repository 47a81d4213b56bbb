/** Every code with the words the sources give it. */
export function deriveErrorCodes(): {
  readonly about: string;
  readonly codes: readonly {
    readonly code: string;
    readonly what: readonly string[];
    readonly help: readonly string[];
  }[];
};
