/** Which format a conversion writes: the one asked for, else that of the output's name, else that of the model. */
import { UsageError } from '../core/errors.js';
import { type Container, FORMATS, type FormatId, formatById, formatForName } from '../formats/index.js';

/** A file that the output shall look like. */
export interface Model {
  readonly format: FormatId;
  readonly container: Container | null;
}

export interface OutputRequest {
  /** Format id or file name ending without dot; wins. */
  readonly to?: string | undefined;
  /** Name of the output; undefined for stdout. */
  readonly name?: string | undefined;
  readonly like?: Model | undefined;
  /** Whether the addresses of the data are known. */
  readonly hasAddresses: boolean;
}

export interface OutputFormat {
  readonly format: FormatId;
  /** gzip: the format inside. */
  readonly inner: FormatId | undefined;
  /** Set where the choice may surprise, as a sentence. */
  readonly reason: string | null;
}

/** @throws UsageError CONVERT_NO_FORMAT, FORMAT_UNKNOWN. */
export function chooseOutputFormat(request: OutputRequest): OutputFormat {
  const { to, name, like } = request;
  const named = name === undefined ? undefined : formatForName(name);
  if (to !== undefined) {
    const asked = formatCalled(to);
    if (named?.format !== 'gzip' || asked.format === 'gzip') return { ...asked, reason: null };
    return { format: 'gzip', inner: asked.format, reason: null };
  }
  if (named?.format === 'gzip') return gzipChoice(request, named.inner);
  const choice = named ? dfuChoice(request, named.format) : like && { format: like.format, reason: null };
  if (choice) return { ...choice, inner: undefined };
  throw new UsageError({
    code: 'CONVERT_NO_FORMAT',
    what: name === undefined ? 'stdout has no name that tells the format' : 'the output name does not tell the format',
    where: name,
    expected: `a name that ends in ${[...new Set(FORMATS.flatMap(({ extensions }) => extensions))].join(', ')}`,
    help: `Say it with --to: ${FORMATS.map(({ id }) => id).join(', ')}.`,
  });
}

/** A format by its id, or by a usual file name ending: hex, s19, hex.gz. */
function formatCalled(word: string): { format: FormatId; inner: FormatId | undefined } {
  const known = FORMATS.some(({ id }) => id === word);
  return (known ? undefined : formatForName(`.${word}`)) ?? { format: formatById(word).id, inner: undefined };
}

function gzipChoice({ like }: OutputRequest, inner: FormatId | undefined): OutputFormat {
  if (inner !== undefined) return { format: 'gzip', inner, reason: null };
  if (like) return { format: 'gzip', inner: like.format === 'gzip' ? undefined : like.format, reason: null };
  const reason = 'The name does not tell the format inside the gzip file, so it is Intel HEX.';
  return { format: 'gzip', inner: 'intel-hex', reason };
}

/** `.dfu` is the ending of two formats, and only one of them keeps addresses. */
function dfuChoice({ like, hasAddresses }: OutputRequest, format: FormatId): Pick<OutputFormat, 'format' | 'reason'> {
  if (format !== 'dfu' && format !== 'dfuse') return { format, reason: null };
  if (like?.format === 'dfu' || like?.format === 'dfuse') return { format: like.format, reason: null };
  return hasAddresses
    ? {
        format: 'dfuse',
        reason:
          'It is a DfuSe file, which keeps the addresses (dfu-util takes it without -s); --to dfu writes a plain DFU file.',
      }
    : {
        format: 'dfu',
        reason: 'It is a plain DFU file, because the addresses are unknown; dfu-util needs -s with the address.',
      };
}
