/** The DCT: decoding, naming every byte, simulating the firmware's writes, changing and building offline. */
export {
  decodeCountry,
  decodeLedTheme,
  decodeModuleSlots,
  decodeServerAddress,
  type IpConfig,
  type LedSignal,
  type ModuleSlot,
  type ServerAddress,
} from './application.js';
export { checkValue, storedCheckValue } from './check-value.js';
export {
  type CopyState,
  type DctCopy,
  type DctInput,
  type DctOptions,
  type DctReport,
  decodeApplicationSection,
  decodeDct,
} from './decode.js';
export {
  type BuildDctOptions,
  buildDct,
  type DctEdit,
  type EditOptions,
  type EditResult,
  type EditStyle,
  editDctField,
  type FirmwareEditResult,
  toWrite,
  wipeOtherCopy,
  writeDctEdits,
} from './edit.js';
export {
  encodeLedTheme,
  encodeModuleSlot,
  encodeProductStore,
  encodeServerAddress,
  encodeSoftAp,
  encodeSsidPrefix,
  encodeStoredNetworks,
  type ModuleSlotValue,
  type NetworkValue,
  type ServerAddressValue,
} from './encode.js';
export { type DctFile, type DctFileKind, identifyDctBytes, splitDctCopies } from './identify.js';
export { applicationParts, type DctPartsOptions, dctParts } from './parts.js';
export type { DctValues, FieldValue } from './report.js';
export {
  type CopyBytes,
  classifyCopy,
  type DctRules,
  type DctSelection,
  selectBefore070,
  selectFrom070,
} from './selection.js';
export {
  compareReleases,
  DCT_COPY_BYTES,
  type DctField,
  type DctFieldKind,
  type DctSection,
  type DctSectionName,
  type DctStore,
  dctField,
  dctFields,
  dctSection,
  dctSections,
  dctTable,
  fieldKey,
} from './table.js';
export {
  applyFlashOperation,
  type DctPair,
  type DctWrite,
  type DctWriteResult,
  type DctWriter,
  dctWriter,
  type FlashOperation,
  formatDct,
  rulesOf,
  selectCopy,
  writeDctField,
} from './write.js';
