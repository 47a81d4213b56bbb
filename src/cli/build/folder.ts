/** Files that a recipe names: relative to its folder, and inside it unless the user allows more. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { BuildError } from '../../core/errors.js';

export class RecipeFolder {
  private readonly folder: string;
  /** The folder as the user named it, for messages. */
  private readonly shown: string;

  /** @param recipe path of the recipe; null for the short form, whose paths are those of the command line */
  constructor(
    recipe: string | null,
    private readonly allowOutside: boolean,
  ) {
    this.shown = recipe === null ? '' : dirname(recipe);
    this.folder = recipe === null ? '' : dirname(resolve(recipe));
  }

  /** Path of a file to read. @throws BuildError BUILD_OUTSIDE_FOLDER */
  input(path: string): string {
    return this.place(path, (full) => full, 'Copy the file there, or add --allow-outside if you trust the recipe.');
  }

  /** Path of a file to write, which need not exist. @throws BuildError BUILD_OUTSIDE_FOLDER */
  output(path: string): string {
    return this.place(path, dirname, 'Name another place with -o, or add --allow-outside if you trust the recipe.');
  }

  private place(path: string, existing: (full: string) => string, help: string): string {
    if (this.folder === '') return path;
    const full = resolve(this.folder, path);
    if (!this.allowOutside && !(this.holds(full, this.folder) && this.holds(real(existing(full)), real(this.folder)))) {
      throw new BuildError({
        code: 'BUILD_OUTSIDE_FOLDER',
        what: 'the recipe names a file outside its folder',
        where: path,
        expected: `a file in the folder ${basename(this.folder)}`,
        help,
      });
    }
    return isAbsolute(path) ? path : join(this.shown, path);
  }

  private holds(full: string, folder: string): boolean {
    const way = relative(folder, full);
    return way !== '..' && !way.startsWith('../') && !way.startsWith('..\\') && !isAbsolute(way);
  }
}

/** The path without symbolic links; of one that does not exist, as far as it does. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(real(parent), basename(path));
  }
}
