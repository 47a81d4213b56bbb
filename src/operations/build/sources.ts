/** The files a recipe takes bytes from, each read once. */
import { BuildError } from '../../core/errors.js';
import type { Finding } from '../../core/finding.js';
import { type ReadResult, readAny } from '../../formats/index.js';
import type { Board } from '../../layout/types.js';
import type { ModuleSurvey } from '../../regions/module/find.js';
import { surveyModules } from '../../regions/module/find.js';
import { type ConfigurationSource, openConfiguration } from '../configuration/source.js';
import { inputOf } from '../open.js';
import { type PlacedImage, placeImage } from '../place.js';
import type { SourceFile } from './recipe.js';

/** The content of a file that a recipe names. May throw any error of ours. */
export type ReadFile = (path: string) => Uint8Array;

export class Sources {
  /** What was wrong with the files themselves. */
  readonly findings: Finding[] = [];
  private readonly files = new Map<string, Uint8Array>();
  private readonly results = new Map<string, ReadResult>();

  constructor(
    private readonly readFile: ReadFile,
    private readonly board: Board,
  ) {}

  bytes(file: string): Uint8Array {
    const bytes = this.files.get(file) ?? this.readFile(file);
    this.files.set(file, bytes);
    if (bytes.length > 0) return bytes;
    throw new BuildError({
      code: 'BUILD_EMPTY_FILE',
      what: 'a part is an empty file',
      where: file,
      help: 'Leave it out, or make it again.',
    });
  }

  /** The file in whatever format it has. @throws FormatError */
  read({ file, base }: SourceFile): ReadResult {
    const key = `${base ?? ''}:${file}`;
    const known = this.results.get(key);
    if (known) return known;
    const result = readAny(this.bytes(file), { name: file, base });
    this.results.set(key, result);
    for (const finding of result.findings) {
      if (finding.severity === 'note') continue;
      this.findings.push({ ...finding, origin: finding.origin === undefined ? file : `${file}, ${finding.origin}` });
    }
    return result;
  }

  /** Where the bytes of the file belong; they are taken as they are. */
  placed(source: SourceFile): PlacedImage {
    return placeImage(this.read(source), this.board);
  }

  survey(source: SourceFile): ModuleSurvey {
    return surveyModules(this.placed(source).image, this.board);
  }

  /** DCT and EEPROM of the file; a rearrangement of its bytes is undone. */
  configuration(source: SourceFile, eeprom: boolean): ConfigurationSource {
    const input = inputOf(source.file, this.bytes(source.file), this.read(source));
    const opened = openConfiguration(input, this.board, eeprom);
    if (opened.judged) return opened;
    const [reason] = opened.findings.filter(({ severity }) => severity === 'error');
    throw new BuildError({
      code: 'BUILD_BAD_READING',
      what: `nothing can be taken from a dump that was read wrongly: ${reason?.message ?? 'its content is not that of the board'}`,
      where: source.file,
      help: reason?.remedy ?? 'Read the board again.',
    });
  }
}
