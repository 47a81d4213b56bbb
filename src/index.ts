/**
 * The library: what the command line is made of, without its files, arguments and exit codes. Pure functions, the same in
 * node and in a browser. What is not exported here may change at any time.
 *
 * Text with tables is not exported: the package that draws them needs modules of node, which bundlers for browsers refuse.
 */
export type {
  BootAlternative,
  BootConfidence,
  BootCopy,
  BootloaderDecision,
  BootOutcome,
  BootPrediction,
  BootStep,
  HeldButton,
} from './boot/types.js';
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
  type Container,
  type DetectedFormat,
  detectFormat,
  FORMATS,
  type FormatId,
  formatById,
  formatForName,
  type ReadOptions,
  type ReadResult,
  readAny,
  type WriteOptions,
  writeAny,
  writeChunks,
} from './formats/index.js';
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
export { matchSymptom, type Symptom, symptoms } from './layout/causes.js';
export {
  type CheckOptions,
  checkBoardFile,
  checkChipFile,
  checkLayoutFile,
  type LayoutProblem,
  openBoard,
} from './layout/check.js';
export { type ChipDescription, describeChip, describeLayout, type LayoutDescription } from './layout/describe.js';
export { type ProbeId, type ToolId, toolProfile } from './layout/flashing-tools.js';
export {
  type Basis,
  type LedPattern,
  type LedStep,
  ledPattern,
  ledPatterns,
  type SosCode,
  sosCodes,
  sosSteps,
} from './layout/led.js';
export { type LedMatch, matchLed } from './layout/led-words.js';
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
export { type AppliedUpdates, type BootSubject, bootOf, updatesOf } from './operations/boot.js';
export {
  type Assembly,
  assemble,
  type BuildOptions,
  type BuildResult,
  buildImage,
  finish,
  type PlacedReport,
  requireSound,
} from './operations/build/build.js';
export { parseRecipe } from './operations/build/parse.js';
export {
  EMPTY_RECIPE,
  type Recipe,
  type RecipeDct,
  type RecipeEeprom,
  type RecipeOutput,
  type RecipePart,
  SHAPES,
  type Shape,
  type SourceFile,
} from './operations/build/recipe.js';
export { type RecipeComments, recipeText } from './operations/build/recipe-text.js';
export { type ShapeOptions, shapeImage } from './operations/build/shape.js';
export type { ReadFile } from './operations/build/sources.js';
export { outputFormat, type WrittenImage, writeImage } from './operations/build/write.js';
export { type CatalogMatch, listReleases, matchModules, type ReleaseRow } from './operations/catalog.js';
export {
  type CheckOptions as FileCheckOptions,
  checkFile,
  checkOnto,
  checkSet,
} from './operations/check/check.js';
export type {
  CheckFinding,
  CheckReport,
  CheckResult,
  CheckScope,
  KeptItem,
  LostItem,
  RefusedRange,
} from './operations/check/report.js';
export { type Selection, selectFindings } from './operations/check/select.js';
export { type ConvertInput, type ConvertOptions, convert, convertImages } from './operations/convert.js';
export { addDfuSuffix, checkDfu, type DfuCheck, removeDfuSuffix, showDfuse, unpackDfuse } from './operations/dfu.js';
export { type PackInput, type PackOptions, type PackResult, packDfuse } from './operations/dfu-pack.js';
export { type Complaint, type Diagnosis, diagnose } from './operations/diagnose/diagnose.js';
export { explainLog, type LogReport } from './operations/diagnose/log.js';
export {
  applyDelta,
  compareImages,
  type DeltaKind,
  type DeltaRange,
  type ImageDelta,
} from './operations/diff/delta.js';
export {
  applyDiff,
  type Difference,
  type DiffOptions,
  type DiffReport,
  diff,
  diffImages,
  diffReport,
} from './operations/diff/diff.js';
export { type DiffHex, type DiffHexRow, diffHexRows } from './operations/diff/hex.js';
export { compareAll, type DiffMatrix, matrixReport } from './operations/diff/matrix.js';
export { changedSectors, type SectorAction, type SectorDifference } from './operations/diff/sectors.js';
export { changedFields, type DctFieldChange } from './operations/edit/dct-compare.js';
export { copiedEdits, erasedEdits } from './operations/edit/dct-copy.js';
export {
  currentCopy,
  type DctEdited,
  type DctEditOptions,
  type DctFile,
  editDct,
  openDct,
} from './operations/edit/dct-edit.js';
export { type NewDct, type NewDctOptions, newDct, newDctInto } from './operations/edit/dct-new.js';
export { type DctAssignment, type DctWordsOptions, dctEdits } from './operations/edit/dct-words.js';
export {
  type EepromEdited,
  type EepromFile,
  newEeprom,
  newEepromInto,
  openEeprom,
  putEeprom,
} from './operations/edit/eeprom.js';
export { type EepromPut, parsePut, putsOfFile } from './operations/edit/eeprom-words.js';
export {
  deviceKeyOf,
  importedKeyEdits,
  type KeyFileForm,
  newDeviceKey,
  privateKeyFile,
  publicKeyFile,
  type Registration,
  registration,
} from './operations/edit/keys.js';
export { explain } from './operations/explain/explain.js';
export type { Explanation } from './operations/explain/explanation.js';
export {
  type ExtractedFile,
  type Extraction,
  type ExtractOptions,
  extract,
  type WithheldPart,
} from './operations/extract/extract.js';
export { type HexRow, hexRows } from './operations/hex.js';
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
export { type Location, locate, type PathStep } from './operations/locate.js';
export { drawMap, type MapCell, type MapSector } from './operations/map.js';
export { type OpenOptions, openImage } from './operations/open.js';
export { type BaseSource, type PlacedImage, placeImage } from './operations/place.js';
export { FlashController } from './operations/plan/flash-model.js';
export { type Modernised, modernise } from './operations/plan/modernise.js';
export { plan } from './operations/plan/plan.js';
export { type PlanInputs, planDocument, readPlanFile, type StoredPlan } from './operations/plan/plan-file.js';
export { type SimulateOptions, type Simulation, simulate } from './operations/plan/simulate.js';
export type { Change, NamedRange, Plan, PlanOptions, PlanStep, PlanTarget } from './operations/plan/types.js';
export { type ModuleAssignment, moduleEdits } from './operations/repair/module-fields.js';
export type { ByteChange, Refusal } from './operations/repair/patch.js';
export {
  isDfuFile,
  type Repaired,
  type RepairOptions,
  repairDfuFile,
  repairImage,
} from './operations/repair/repair.js';
export { type WrapOptions, type Wrapped, wrapProgram } from './operations/repair/wrap.js';
export type { ByteClass, ByteCounts, Stretch } from './regions/account.js';
export { type DctReport, decodeDct } from './regions/dct/decode.js';
export { buildDct, editDctField } from './regions/dct/edit.js';
export { buildEeprom, decodeEeprom, type Eeprom } from './regions/eeprom/index.js';
export { describePrivateKey, describePublicKey, type KeyDescription } from './regions/keys/describe.js';
export { buildModule, type ModuleSpecification, sealModule } from './regions/module/build.js';
export { type ParticleModule, readModule } from './regions/module/decode.js';
export { flashOf, type LocatedModule, type ModuleSurvey, surveyModules } from './regions/module/find.js';
export { DECODER_NAMES } from './regions/names.js';
export {
  decodeOptionMemory,
  decodeOptionRegister,
  encodeOptionRegister,
  type OptionBytes,
} from './regions/option-bytes.js';
export { renderGithub } from './report/github.js';
export { renderJson, renderJsonLine } from './report/json.js';
export { renderJunit } from './report/junit.js';
export { drawLed } from './report/led.js';
export { renderMap, renderMapSvg } from './report/map.js';
export { renderSarif } from './report/sarif.js';
export { COLOURED, PLAIN, type Style } from './report/style.js';
export { ALL_RULES, explainRule, RULE_GROUPS, type RuleSummary, ruleGroup } from './rules/index.js';
export { TOOL } from './tool.js';
