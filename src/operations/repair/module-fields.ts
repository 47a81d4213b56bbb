/** `--set version=…`: changes of a module's header and product fields in words. */
import { BuildError, UsageError } from '../../core/errors.js';
import { nearest } from '../../layout/nearest.js';
import { moduleFunctionCode, platforms } from '../../layout/platforms.js';
import { MODULE_DEPENDENCY, MODULE_INFO, type ModuleInfo, PRODUCT_FIELDS } from '../../regions/module/format.js';
import type { FieldForm } from './patch.js';

export interface ModuleAssignment {
  readonly name: string;
  readonly value: string;
}

/** One field to write, from the start of the header, or of the product fields. */
export interface ModuleEdit {
  readonly place: 'header' | 'product' | 'suffix-size';
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly field: string;
  readonly form: FieldForm;
}

/** Function, index and version of `system-part2:1300`. */
export interface DependencyWords {
  readonly functionId: number;
  readonly index: number;
  readonly version: number;
}

const FIELDS: Readonly<Record<string, (value: string) => ModuleEdit>> = {
  version: (value) => headerField('moduleVersion', 'module_version', u16(whole('version', value, 0xffff)), 'u16'),
  platform: (value) => headerField('platformId', 'platform_id', u16(platformId(value)), 'u16'),
  flags: (value) => headerField('flags', 'flags', Uint8Array.of(whole('flags', value, 0xff)), 'u8'),
  function: (value) => headerField('moduleFunction', 'module_function', Uint8Array.of(functionId(value)), 'u8'),
  index: (value) => headerField('moduleIndex', 'module_index', Uint8Array.of(whole('index', value, 0xff)), 'u8'),
  dependency: (value) => headerField('dependency', 'dependency', dependencyBytes(value), 'bytes'),
  dependency2: (value) => headerField('dependency2', 'dependency2', dependencyBytes(value), 'bytes'),
  'product-id': (value) => productField('productId', 'product_id', value),
  'product-version': (value) => productField('productVersion', 'product_version', value),
  'suffix-size': (value) => suffixSize(value),
};

/** Names that `--set` takes. */
export const MODULE_FIELD_NAMES: readonly string[] = Object.keys(FIELDS);

/** `version=7,product-id=8` as two assignments: no field takes a comma. */
export function splitAssignments({ name, value }: ModuleAssignment): ModuleAssignment[] {
  return `${name}=${value}`.split(/,(?=[a-z0-9-]+=)/i).map((text) => {
    const at = text.indexOf('=');
    return { name: text.slice(0, at), value: text.slice(at + 1) };
  });
}

/** @throws UsageError REPAIR_NO_FIELD, REPAIR_BAD_VALUE */
export function moduleEdits(assignments: readonly ModuleAssignment[]): ModuleEdit[] {
  return assignments.map(({ name, value }) => {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (field) return field(value);
    const best = nearest(name, MODULE_FIELD_NAMES);
    throw new UsageError({
      code: 'REPAIR_NO_FIELD',
      what: `a module has no field ${JSON.stringify(name.slice(0, 40))} to set`,
      expected: MODULE_FIELD_NAMES.join(', '),
      help: best ? `Did you mean ${best}?` : 'Set one of these fields.',
    });
  });
}

function headerField(name: keyof ModuleInfo & string, field: string, bytes: Uint8Array, form: FieldForm): ModuleEdit {
  return { place: 'header', offset: MODULE_INFO.field(name).offset, bytes, field, form };
}

function productField(name: 'productId' | 'productVersion', field: string, value: string): ModuleEdit {
  const number = value === 'none' ? 0xffff : whole(field, value, 0xffff);
  return { place: 'product', offset: PRODUCT_FIELDS.field(name).offset, bytes: u16(number), field, form: 'u16' };
}

function suffixSize(value: string): ModuleEdit {
  if (value !== '36' && value !== '40') throw badValue('suffix-size', '36 (no product fields) or 40', value);
  return { place: 'suffix-size', offset: 0, bytes: u16(Number(value)), field: 'size', form: 'u16' };
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function whole(field: string, value: string, limit: number): number {
  const number = /^(0x[0-9a-f]{1,4}|\d{1,5})$/i.test(value) ? Number(value) : Number.NaN;
  if (number <= limit) return number;
  throw badValue(field, `a number from 0 to ${limit}`, value);
}

/** A platform by its number or name: `8`, `p1`. @throws UsageError REPAIR_BAD_VALUE */
export function platformId(value: string): number {
  const known = platforms();
  const found = known.find(({ id, name }) => String(id) === value || name.toLowerCase() === value.toLowerCase());
  if (found) return found.id;
  throw badValue('platform', known.map(({ id, name }) => `${name} (${id})`).join(', '), value);
}

/** @throws UsageError REPAIR_BAD_VALUE */
export function functionId(value: string): number {
  const code = moduleFunctionCode(value);
  if (code !== undefined) return code;
  return whole('function', value, 9);
}

/** @throws UsageError REPAIR_BAD_VALUE */
export function parseDependency(value: string): DependencyWords {
  if (value === 'none') return { functionId: 0, index: 0, version: 0 };
  const parts = /^([a-z-]+?)(\d{0,2}):(\d{1,5})$/.exec(value);
  const code = parts ? moduleFunctionCode(parts[1] as string) : undefined;
  const version = Number(parts?.[3]);
  if (!parts || code === undefined || version > 0xffff) {
    throw badValue('dependency', 'none, or FUNCTION and INDEX with a version, such as system-part2:1300', value);
  }
  return { functionId: code, index: Number(parts[2] || '0'), version };
}

function dependencyBytes(value: string): Uint8Array {
  const { functionId: moduleFunction, index: moduleIndex, version: moduleVersion } = parseDependency(value);
  return MODULE_DEPENDENCY.encode({ moduleFunction, moduleIndex, moduleVersion });
}

function badValue(field: string, expected: string, value: string): UsageError {
  return new UsageError({
    code: 'REPAIR_BAD_VALUE',
    what: 'the value does not fit the field',
    where: field,
    expected,
    got: JSON.stringify(value.slice(0, 40)),
    help: 'Give a value of this kind.',
  });
}

/** A module without product fields has no place for them. */
export function noProductFields(where: string): BuildError {
  return new BuildError({
    code: 'MODULE_NO_PRODUCT_FIELDS',
    what: 'this module has no product fields',
    where,
    expected: 'a suffix of 40 bytes, as from 0.4.3 on',
    got: 'a suffix of 36 bytes',
    help: 'Build the program again with PRODUCT_ID and PRODUCT_VERSION; the fields cannot be put in afterwards.',
  });
}
