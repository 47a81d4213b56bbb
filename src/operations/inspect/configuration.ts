/** The configuration regions of an image: DCT and EEPROM, read by the rules of the firmware that is on the chip. */
import type { MemoryImage } from '../../core/image.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import type { Claim } from '../../regions/account.js';
import { type DctInput, type DctReport, decodeApplicationSection, decodeDct } from '../../regions/dct/decode.js';
import type { DctValues } from '../../regions/dct/report.js';
import type { DctRules } from '../../regions/dct/selection.js';
import { dctSection } from '../../regions/dct/table.js';
import { decodeEeprom, type Eeprom } from '../../regions/eeprom/index.js';
import type { LocatedModule } from '../../regions/module/find.js';

/** What the installed system parts say about how the rest of the flash is read. */
export interface SystemGeneration {
  /** Module version of the system parts, or null when none is installed or they differ. */
  readonly systemVersion: number | null;
  readonly dctRules: DctRules | 'unknown';
  /** 0.7.0-rc.1 to rc.6 and 0.8.0-rc.1, whose choice of a DCT copy lacks the last rule. */
  readonly earlyDct: boolean;
  readonly eepromReader: 'current' | 'legacy' | 'auto';
  /** It does not move a user module parked in an EEPROM sector to its place, as 0.4.9 to 1.3.x do. */
  readonly leavesParkedModule: boolean;
}

/** System versions: 0.7.0-rc.1 is 200, rc.6 is 205, 0.8.0-rc.1 is 300; 0.5.0-rc.1 is 12; 1.4.0 is 1401 (particle-releases.json). */
const FIRST_WITH_VERSION_RECORD = 200;
const LAST_EARLY_070 = 205;
const EARLY_080 = 300;
const FIRST_WITH_NEWER_EEPROM = 12;
const FIRST_WITHOUT_PARKED_MODULE = 1401;

export function systemGeneration(modules: readonly LocatedModule[]): SystemGeneration {
  const versions = modules
    .filter(
      ({ module, role }) =>
        role === 'main' && (module.function === 'system-part' || module.function === 'mono-firmware'),
    )
    .map(({ module }) => module.info.moduleVersion);
  const [first] = versions;
  if (first === undefined || versions.some((version) => version !== first)) {
    return {
      systemVersion: null,
      dctRules: 'unknown',
      earlyDct: false,
      eepromReader: 'auto',
      leavesParkedModule: false,
    };
  }
  const early = (first >= FIRST_WITH_VERSION_RECORD && first <= LAST_EARLY_070) || first === EARLY_080;
  return {
    systemVersion: first,
    dctRules: first >= FIRST_WITH_VERSION_RECORD ? 'from-0.7.0' : 'before-0.7.0',
    earlyDct: early,
    eepromReader: first >= FIRST_WITH_NEWER_EEPROM ? 'current' : 'legacy',
    leavesParkedModule: first >= FIRST_WITHOUT_PARKED_MODULE,
  };
}

export interface Configuration {
  readonly dct: DctReport | null;
  readonly dctRegions: readonly [Region, Region] | null;
  readonly eeprom: Eeprom | null;
  readonly eepromRegions: readonly [Region, Region] | null;
  readonly generation: SystemGeneration;
}

export function readConfiguration(
  image: MemoryImage,
  regions: readonly Region[],
  generation: SystemGeneration,
  board: Board,
  showSecrets: boolean,
): Configuration {
  const dctRegions = regionPair(regions, 'dct');
  const eepromRegions = regionPair(regions, 'eeprom');
  return {
    dctRegions,
    dct: dctRegions && readDct(image, dctRegions, generation, board, showSecrets),
    eepromRegions,
    eeprom: eepromRegions && readEeprom(image, eepromRegions, generation),
    generation,
  };
}

/** The two regions of a role, lower address first; null unless the board has both. */
export function regionPair(regions: readonly Region[], role: Region['role']): readonly [Region, Region] | null {
  const [first, second] = regions.filter((region) => region.role === role).sort((a, b) => a.start - b.start);
  return first && second ? [first, second] : null;
}

/** Decodes the DCT; null when the image holds neither copy whole. */
export function readDct(
  image: MemoryImage,
  [first, second]: readonly [Region, Region],
  generation: SystemGeneration,
  board: Board,
  showSecrets: boolean,
): DctReport | null {
  const input = dctInput(image, [first, second], generation, board);
  return input && decodeDct(input, { showSecrets });
}

/** Both copies and the rules to read them by; null when the image holds neither copy whole. */
export function dctInput(
  image: MemoryImage,
  [first, second]: readonly [Region, Region],
  generation: SystemGeneration,
  board: Board,
): DctInput | null {
  const copy1 = image.bytes(first) ?? null;
  const copy2 = image.bytes(second) ?? null;
  if (!copy1 && !copy2) return null;
  return {
    copy1,
    copy2,
    address1: first.start,
    address2: second.start,
    rules: generation.dctRules,
    early: generation.earlyDct,
    store: board.platform ? platformOf(board.platform.id)?.dctStore : undefined,
  };
}

export function readEeprom(
  image: MemoryImage,
  [first, second]: readonly [Region, Region],
  generation: SystemGeneration,
): Eeprom | null {
  const page = (region: Region): Uint8Array | undefined => {
    const head = image.parts(region)[0];
    return head?.address === region.start ? head.bytes : undefined;
  };
  const [page1, page2] = [page(first), page(second)];
  if (!page1 && !page2) return null;
  return decodeEeprom({
    page1,
    page2,
    address1: first.start,
    address2: second.start,
    size1: first.end - first.start,
    size2: second.end - second.start,
    reader: generation.eepromReader,
  });
}

/** A file that begins at the application section, as DFU alternate setting 1 reads it. */
export interface DctSectionInput {
  readonly values: DctValues;
  readonly claims: readonly Claim[];
}

export function readDctSection(image: MemoryImage, showSecrets: boolean): DctSectionInput | null {
  const [segment] = image.segments;
  if (!segment) return null;
  const { address: start, bytes } = segment;
  const end = start + Math.min(bytes.length, dctSection('wiced', 'application').size);
  return {
    values: decodeApplicationSection(bytes, { showSecrets }),
    claims: [{ start, end, class: 'dct', label: 'DCT application section' }],
  };
}

/** The bytes that DCT and EEPROM account for. */
export function configurationClaims({ dct, dctRegions, eeprom }: Configuration): Claim[] {
  const claims: Claim[] = [];
  for (const [index, region] of (dctRegions ?? []).entries()) {
    const state = dct?.copies[index];
    if (state === undefined || state === 'absent' || state === 'erased' || state === 'invalid') continue;
    claims.push({ start: region.start, end: region.end, class: 'dct', label: `DCT copy ${index + 1} (${state})` });
  }
  if (eeprom?.format) {
    for (const range of eeprom.coverage().decoded) {
      const page = [eeprom.page1, eeprom.page2].find(
        ({ address, size }) => range.start >= address && range.start < address + size,
      );
      claims.push({ ...range, class: 'eeprom', label: page ? `EEPROM page ${page.number} (${page.state})` : 'EEPROM' });
    }
  }
  return claims;
}
