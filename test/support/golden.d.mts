export const ROOT: string;
export const GOLDENS: Readonly<Record<string, readonly string[]>>;
export function run(args: readonly string[]): string;
export function readGolden(name: string): string;
export function readmeBlocks(text: string): readonly {
  readonly args: readonly string[];
  readonly output: string;
  readonly start: number;
  readonly whole: string;
}[];
export function readme(): string;
