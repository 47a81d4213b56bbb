/** The tree from a module down to the fields of its header and suffix. */
import { formatAddress, formatHex, toHex } from '../../core/bytes.js';
import type { Part } from '../../core/part.js';
import { platformOf } from '../../layout/platforms.js';
import type { ParticleModule } from './decode.js';
import { CRC_BYTES, DIGEST_TO_END, MODULE_DEPENDENCY, MODULE_INFO, MODULE_SUFFIX, PRODUCT_FIELDS } from './format.js';
import { functionTitle, moduleTitle } from './words.js';

export function modulePart(module: ParticleModule): Part {
  return {
    name: 'module',
    start: module.address,
    end: module.end,
    value: moduleTitle(module),
    parts: () => moduleParts(module).filter((part) => part.start < part.end && part.end <= module.end),
  };
}

function moduleParts(module: ParticleModule): Part[] {
  const header = module.address + module.headerOffset;
  const bodyStart = header + MODULE_INFO.size;
  const parts: Part[] = [];
  if (module.headerOffset > 0) parts.push(vectorPart(module));
  parts.push({
    name: 'module_info',
    start: header,
    end: bodyStart,
    about: 'header: where it belongs, what it is, what it needs',
    parts: () => headerParts(module, header),
  });
  const end = module.address + module.length - CRC_BYTES;
  const suffixSize = module.suffix?.size ?? 0;
  parts.push({ name: 'body', start: bodyStart, end: Math.min(end - suffixSize, module.end), about: 'code and data' });
  if (module.missing > 0) return parts;
  if (module.suffix) {
    parts.push({ name: 'suffix', start: end - suffixSize, end, parts: () => suffixParts(module, end) });
  }
  parts.push({
    name: 'crc32',
    start: end,
    end: end + CRC_BYTES,
    value: `${formatHex(module.crcStored ?? 0, 8)} (${module.crc})`,
    about: 'CRC-32 over the module, big-endian',
  });
  return parts;
}

function vectorPart(module: ParticleModule): Part {
  const { address, headerOffset, vectors } = module;
  return {
    name: 'vector_table',
    start: address,
    end: address + headerOffset,
    about: 'initial stack pointer, reset vector, exceptions and interrupts',
    parts: () => {
      const words: Part[] = [];
      for (let offset = 0; offset + 4 <= headerOffset; offset += 4) {
        const index = offset / 4;
        const name = index === 0 ? 'initial_sp' : index === 1 ? 'reset' : `vector_${index}`;
        const known = index === 0 ? vectors?.initialStackPointer : index === 1 ? vectors?.reset : undefined;
        const value = known === undefined ? undefined : formatAddress(known);
        words.push({ name, start: address + offset, end: address + offset + 4, value });
      }
      return words;
    },
  };
}

function headerParts(module: ParticleModule, header: number): Part[] {
  const { info } = module;
  const dependency = ({ moduleFunction, moduleIndex, moduleVersion }: typeof info.dependency): string =>
    moduleFunction === 0
      ? 'none'
      : `${functionTitle(module.dependencies.find((known) => known.functionId === moduleFunction)?.function ?? `function ${moduleFunction}`, moduleIndex)} of at least version ${moduleVersion}`;
  const values: Readonly<Record<string, string>> = {
    moduleStartAddress: formatAddress(info.moduleStartAddress),
    moduleEndAddress: formatAddress(info.moduleEndAddress),
    reserved: `${info.reserved}`,
    flags: formatHex(info.flags, 2),
    moduleVersion: `${info.moduleVersion}`,
    platformId: `${info.platformId} (${platformOf(info.platformId)?.name ?? 'unknown'})`,
    moduleFunction: `${info.moduleFunction} (${module.function})`,
    moduleIndex: `${info.moduleIndex}`,
    dependency: dependency(info.dependency),
    dependency2: dependency(info.dependency2),
  };
  return MODULE_INFO.fields.map(({ name, offset, size }) => {
    const start = header + offset;
    const inner = name.startsWith('dependency')
      ? () => MODULE_DEPENDENCY.fields.map((field) => place(field.name, start + field.offset, field.size))
      : undefined;
    return { name: snakeCase(name), start, end: start + size, value: values[name], parts: inner };
  });
}

function suffixParts(module: ParticleModule, end: number): Part[] {
  const { suffix } = module;
  if (!suffix) return [];
  const parts: Part[] = [];
  const extra = suffix.size - MODULE_SUFFIX.size - PRODUCT_FIELDS.size;
  if (extra > 0) parts.push(place('extension', end - suffix.size, extra));
  if (suffix.size >= MODULE_SUFFIX.size + PRODUCT_FIELDS.size) {
    const start = end - MODULE_SUFFIX.size - PRODUCT_FIELDS.size;
    const words = (value: number | null): string | undefined =>
      value === null ? undefined : value === 0xffff ? 'not set' : `${value}`;
    parts.push(place('product_id', start, 2, words(suffix.productId)));
    parts.push(place('product_version', start + 2, 2, words(suffix.productVersion)));
  }
  parts.push(place('reserved', end - MODULE_SUFFIX.size, 2, `${suffix.reserved}`));
  parts.push(place('sha256', end - DIGEST_TO_END, 32, `${toHex(suffix.digest)} (${module.sha})`));
  parts.push(place('size', end - 2, 2, `${suffix.size}`));
  return parts;
}

function place(name: string, start: number, size: number, value?: string): Part {
  return { name: snakeCase(name), start, end: start + size, value };
}

/** device-os spelling, so that a reader can grep both code bases. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
