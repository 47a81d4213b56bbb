/** What a file is: one of the formats, or something that is no firmware however it is named. */
import { FormatError } from '../core/errors.js';
import type { Confidence, Detection, Format, FormatId } from './format.js';

export interface DetectedFormat extends Detection {
  readonly format: FormatId;
}

const RANK: Readonly<Record<Confidence, number>> = { certain: 2, likely: 1, possible: 0 };

/**
 * The format of some bytes, with confidence and reason.
 * @throws FormatError FORMAT_EMPTY, FORMAT_NOT_FIRMWARE (says what it is), FORMAT_AMBIGUOUS (names the candidates).
 */
export function detectFormat(bytes: Uint8Array, formats: readonly Format[], name: string): DetectedFormat {
  if (bytes.length === 0) {
    throw new FormatError({
      code: 'FORMAT_EMPTY',
      what: 'the file is empty',
      where: name,
      help: 'Download or read it again.',
    });
  }
  const found = formats
    .map((format) => ({ format: format.id, detection: format.detect(bytes) }))
    .flatMap(({ format, detection }): DetectedFormat[] => (detection ? [{ format, ...detection }] : []))
    .sort((a, b) => RANK[b.confidence] - RANK[a.confidence]);
  const best = found[0];
  if (best?.confidence !== 'certain') refuseForeign(bytes, name);
  const rivals = found.filter((candidate) => candidate.confidence === best?.confidence);
  if (best && rivals.length === 1) return best;
  throw new FormatError({
    code: 'FORMAT_AMBIGUOUS',
    what: 'the content fits several formats',
    where: name,
    got: rivals.map(({ format, reason }) => `${format} (${reason})`).join(', '),
    help: `Choose one with --format: ${rivals.map(({ format }) => format).join(', ')}.`,
  });
}

const BINARY_MAGIC: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive' },
  { bytes: [0x50, 0x4b, 0x05, 0x06], what: 'an empty ZIP archive' },
  { bytes: [0x25, 0x50, 0x44, 0x46, 0x2d], what: 'a PDF document' },
  { bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a], what: 'a PNG picture' },
  { bytes: [0xff, 0xd8, 0xff, 0xe0], what: 'a JPEG picture' },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: 'a 7z archive' },
  { bytes: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07], what: 'a RAR archive' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], what: 'xz-compressed data' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd-compressed data' },
  { bytes: [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59], what: 'bzip2-compressed data' },
  { bytes: [0x55, 0x46, 0x32, 0x0a, 0x57, 0x51, 0x5d, 0x9e], what: 'a UF2 file' },
];
const TEXT_BEGINNINGS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^<(?:!doctype\s+html|html|head|body|script)\b/i, what: 'a web page (HTML)' },
  { pattern: /^<\?xml\b/i, what: 'an XML document' },
  { pattern: /^<!--/, what: 'a web page or XML document' },
  { pattern: /^version https:\/\/git-lfs\b/, what: 'a Git LFS pointer, not the file itself' },
  { pattern: /^HTTP\/[0-9.]+ [0-9]{3}\b/, what: 'a recorded HTTP answer' },
  { pattern: /^-----BEGIN [A-Z ]+-----/, what: 'a PEM file (key or certificate)' },
];
const HEAD_BYTES = 512;

/** What the bytes are, when they are a well-known file that holds no firmware as it stands; else undefined. */
export function foreignContent(bytes: Uint8Array): string | undefined {
  const magic = BINARY_MAGIC.find((entry) => entry.bytes.every((value, index) => bytes[index] === value));
  if (magic) return magic.what;
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES)).replace(/^\u00ef\u00bb\u00bf/, '');
  const text = head.trimStart();
  const beginning = TEXT_BEGINNINGS.find(({ pattern }) => pattern.test(text));
  if (beginning) return beginning.what;
  // One printable brace says little; a whole head of text that goes on like JSON says enough.
  if (/^(?:\{\s*(?:"|\})|\[\s*(?:[{"[\]]|-?[0-9]))/.test(text) && /^[\t\n\r -~\u0080-\u00ff]*$/.test(text)) {
    return 'a JSON document';
  }
  return undefined;
}

/** PowerShell writes redirected text this way; its bytes are no firmware in any format. */
function isUtf16Text(bytes: Uint8Array): boolean {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!little && !(bytes[0] === 0xfe && bytes[1] === 0xff)) return false;
  const head = bytes.subarray(2, HEAD_BYTES - (HEAD_BYTES % 2));
  const codes = head.filter((_, index) => index % 2 === (little ? 0 : 1));
  const others = head.filter((_, index) => index % 2 === (little ? 1 : 0));
  const printable = (code: number): boolean => (code >= 0x20 && code < 0x7f) || (code >= 9 && code <= 13);
  return codes.length > 0 && codes.every(printable) && others.every((code) => code === 0);
}

function refuseForeign(bytes: Uint8Array, name: string): void {
  if (isUtf16Text(bytes)) {
    throw new FormatError({
      code: 'FORMAT_NOT_FIRMWARE',
      what: 'this is text in UTF-16, not firmware as it stands',
      where: name,
      got: 'text in UTF-16',
      help: 'Save it as UTF-8 or ASCII: a redirect in PowerShell makes UTF-16 of a text such as Intel HEX. --format bin reads it anyway.',
    });
  }
  const what = foreignContent(bytes);
  if (what === undefined) return;
  throw new FormatError({
    code: 'FORMAT_NOT_FIRMWARE',
    what: `this is ${what}, not firmware`,
    where: name,
    got: what,
    help: 'Check where it was downloaded from: a server answers a wrong address with a page, and archives must be unpacked first. --format bin reads it anyway.',
  });
}
