/** What the boot model knows of releases and platforms: layouts/particle-boot.json with its addresses as numbers. */
import { readData } from '#data';
import { LayoutError } from '../core/errors.js';

/** A copy of the bootloader: what a slot of the DCT records, or what is built in. Addresses of internal flash. */
export interface CopyRequest {
  readonly source: number;
  readonly destination: number;
  readonly length: number;
  /** Module function that the source must have, when `flags` ask for it. */
  readonly function: number;
  /** 2: verify the CRC. 4: the destination must be the module's start. 8: verify function and length. */
  readonly flags: number;
  /** 0: internal flash. Everything else is refused. */
  readonly sourceDevice: number;
  readonly destinationDevice: number;
}

/** Where the firmware expects a module; `end` is the first address behind it. */
export interface ModuleBounds {
  readonly function: number;
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

export interface PlatformFacts {
  readonly id: number;
  readonly name: string;
  /** The most that a prediction for this platform can be. */
  readonly confidence: 'certain' | 'likely' | 'possible';
  readonly network: 'wifi' | 'cellular';
  /** The bootloader of every version has its own code for the DCT. */
  readonly ownDct: boolean;
  /** Where the bootloader jumps to. */
  readonly application: number;
  readonly bounds: readonly ModuleBounds[];
  /** Start of the part that the first one hands over to. */
  readonly next: number;
  readonly user: number;
  readonly ota: number;
  readonly factory: readonly { readonly fromSystem: number; readonly address: number }[];
  readonly parked: number | null;
  /** System firmware that checks itself checks the bootloader too. */
  readonly validatesBootloader: boolean;
  readonly factoryDefaults: readonly {
    readonly fromBootloader: number;
    readonly copy: CopyRequest;
    readonly source: string;
  }[];
  /** System firmware writes the factory record of the DCT at each start. */
  readonly rewritesFactorySlot: boolean;
}

export interface FunctionEntry {
  readonly part: number;
  readonly table: number;
  readonly entry: number;
  readonly name: string;
}

export interface BootFacts {
  readonly flash: { readonly start: number; readonly lastEnd: number; readonly source: string };
  readonly dctAccess: {
    readonly fromBootloader: number;
    readonly minimumMainPart: number;
    readonly functions: readonly FunctionEntry[];
    readonly source: string;
  };
  readonly slots: {
    readonly clearedBeforeCopyFrom: number;
    readonly clearedAfterCopyFrom: number;
    readonly source: string;
  };
  readonly flags: { readonly inRegistersFromBootloader: number; readonly source: string };
  readonly system: {
    readonly validatesItselfFrom: number;
    readonly validatesItselfSource: string;
    readonly builtInServerKeyFrom: number;
    readonly builtInServerKeySource: string;
    readonly otaFlagFrom: readonly VersionRange[];
    readonly otaFlagSource: string;
    readonly installsCarriedBootloader: VersionRange;
    readonly installsCarriedBootloaderSource: string;
    readonly parkedModule: VersionRange & { readonly maxLength: number };
    readonly parkedModuleSource: string;
  };
  readonly platforms: readonly PlatformFacts[];
}

const FILE = 'particle-boot.json';
const ADDRESS = /^0x[0-9A-F]{8}$/;
let loaded: BootFacts | undefined;

/** The facts, read once. @throws LayoutError LAYOUT_MISSING_DATA when the file is not installed. */
export function bootFacts(): BootFacts {
  if (loaded) return loaded;
  const file = readData(FILE);
  if (file === undefined) {
    throw new LayoutError({
      code: 'LAYOUT_MISSING_DATA',
      what: 'a data file of the package is missing',
      where: `layouts/${FILE}`,
      help: 'Install the package again.',
    });
  }
  const { platforms, ...rest } = withNumbers(file) as Omit<BootFacts, 'platforms'> & { platforms: RawPlatform[] };
  loaded = { ...rest, platforms: platforms.map((platform) => complete(platform, platforms)) };
  return loaded;
}

type RawPlatform = Partial<PlatformFacts> & { readonly id: number; readonly like?: number };

function complete(platform: RawPlatform, all: readonly RawPlatform[]): PlatformFacts {
  const model = all.find(({ id }) => id === platform.like);
  const merged = { ownDct: false, rewritesFactorySlot: false, ...model, ...platform } as PlatformFacts;
  const factoryDefaults = merged.factoryDefaults.map(({ copy, ...rest }) => ({
    ...rest,
    copy: { ...copy, sourceDevice: 0, destinationDevice: 0 },
  }));
  return { ...merged, factoryDefaults };
}

/** A copy with every address text as a number. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'string') return ADDRESS.test(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withNumbers(entry)]));
}

/** What is known of a platform; undefined when the model does not cover it. */
export function platformFacts(id: number | undefined): PlatformFacts | undefined {
  return bootFacts().platforms.find((platform) => platform.id === id);
}

export function boundsOf(platform: PlatformFacts, moduleFunction: number, index: number): ModuleBounds | undefined {
  return platform.bounds.find((bounds) => bounds.function === moduleFunction && bounds.index === index);
}

/** Where system firmware of a version looks for the factory copy of the user part. */
export function factoryAddress(platform: PlatformFacts, systemVersion: number): number {
  const places = platform.factory.filter(({ fromSystem }) => systemVersion >= fromSystem);
  return places.at(-1)?.address ?? 0;
}

/** The copy a factory reset makes when no slot records another one. */
export function factoryDefault(platform: PlatformFacts, bootloader: number): PlatformFacts['factoryDefaults'][number] {
  const known = platform.factoryDefaults.filter(({ fromBootloader }) => bootloader >= fromBootloader);
  return known.at(-1) as PlatformFacts['factoryDefaults'][number];
}

export function isWithin(version: number, { from, to }: VersionRange): boolean {
  return version >= from && version <= to;
}
