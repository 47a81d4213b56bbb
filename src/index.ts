/**
 * The library: what the command line is made of, without its files, arguments and exit codes. Pure functions, the same in
 * node and in a browser. What is not exported here may change at any time.
 *
 * Text with tables is not exported: the package that draws them needs modules of node, which bundlers for browsers refuse.
 */
export { concatBytes, equalBytes, formatAddress, formatHex, fromHex, toHex } from './core/bytes.js';
export { crc32, dfuSuffixCrc, moduleCrc, sha256 } from './core/checksums.js';
export {
  BuildError,
  type ErrorDetails,
  FlashatlasError,
  FormatError,
  InputError,
  LayoutError,
  UsageError,
} from './core/errors.js';
export { type Finding, reaches, type Severity, sortFindings, type Verdict, verdictOf } from './core/finding.js';
export {
  type FillStatistics,
  type ImageOptions,
  MemoryImage,
  type Overlap,
  type OverlapPolicy,
  type Segment,
  type SegmentSource,
} from './core/image.js';
export { type Part, pathTo, secretRanges } from './core/part.js';
export {
  containsAddress,
  containsRange,
  intersect,
  mergeRanges,
  overlaps,
  type Range,
  rangeOf,
  sizeOf,
  subtractRanges,
  totalSize,
} from './core/range.js';
export {
  allReleases,
  buildOf,
  buildsOf,
  compareReleases,
  expectedModules,
  type ModuleBuild,
  type ModuleVersion,
  type Release,
  releaseByName,
  releasesOf,
} from './layout/catalog.js';
export {
  type CheckOptions,
  checkBoardFile,
  checkChipFile,
  checkLayoutFile,
  type LayoutProblem,
  openBoard,
} from './layout/check.js';
export { type ChipDescription, describeChip, describeLayout, type LayoutDescription } from './layout/describe.js';
export { BUILT_IN, type Library } from './layout/library.js';
export { boardIds, chipIds, loadBoard, loadChip, resolveBoard, resolveChip } from './layout/load.js';
export {
  moduleFunctionName,
  moduleFunctions,
  type Platform,
  platformName,
  platformOf,
  platforms,
} from './layout/platforms.js';
export type { Board, Chip, DfuProfile, Memory, Region, RegionRole, Sector, Variant } from './layout/types.js';
export { type CatalogMatch, listReleases, matchModules, type ReleaseRow } from './operations/catalog.js';
export { examine, type InspectInput, type Inspection, inspect } from './operations/inspect/inspect.js';
export type {
  EmbeddedReport,
  InputKind,
  InspectedInput,
  InspectReport,
  ModuleReport,
  RegionReport,
  SectorReport,
} from './operations/inspect/report.js';
export { drawMap, type MapCell, type MapSector } from './operations/map.js';
export { type BaseSource, type PlacedImage, placeImage } from './operations/place.js';
export type { ByteClass, ByteCounts, Stretch } from './regions/account.js';
export { buildModule, type ModuleSpecification, sealModule } from './regions/module/build.js';
export { type ParticleModule, readModule } from './regions/module/decode.js';
export { flashOf, type LocatedModule, type ModuleSurvey, surveyModules } from './regions/module/find.js';
export { DECODER_NAMES } from './regions/names.js';
export { renderJson, renderJsonLine } from './report/json.js';
export { renderMap, renderMapSvg } from './report/map.js';
export { COLOURED, PLAIN, type Style } from './report/style.js';
export { ALL_RULES, type RuleSummary } from './rules/index.js';
export { TOOL } from './tool.js';
