/** Rules about what modules need of each other: installed version at least the required one. */

import type { Finding } from '../core/finding.js';
import type { ModuleDependency } from '../regions/module/decode.js';
import type { LocatedModule, ModuleSurvey } from '../regions/module/find.js';
import { MODULE_INFO } from '../regions/module/format.js';
import { functionTitle, moduleTitle, withArticle } from '../regions/module/words.js';
import { defineRule, report } from './rule.js';

export interface DependencyState extends ModuleDependency {
  /** Version that is installed, or null when no such module is. */
  readonly found: number | null;
  readonly satisfied: boolean;
}

export const unmet = defineRule({
  id: 'dependency/unmet',
  severity: 'error',
  title: 'Dependency not met',
  about: 'A module needs a newer version of another one than is installed.',
  why: 'From 0.7.0 on the firmware starts safe mode when a part needs a newer one; before, nothing is checked at start and the call into the older part crashes. An update that would lead here is refused.',
  source: 'validate_module_dependencies in hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.3.1',
  message: (e: { module: string; needs: string; minVersion: number; found: number }) =>
    `${e.module} needs ${e.needs} of at least version ${e.minVersion}; installed is ${e.found} (${e.found} < ${e.minVersion})`,
  remedy: (e) => `Flash ${withArticle(e.needs)} of the same release.`,
});

export const missingDependency = defineRule({
  id: 'dependency/missing',
  severity: 'error',
  title: 'Dependency not installed',
  about: 'A module needs another one that is not installed.',
  why: 'Erased flash satisfies nothing: the check of the firmware reads version 0xFFFF there and passes, and the code then calls into erased flash.',
  source: 'validate_module_dependencies in hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.3.1',
  // The firmware's own check looks at the version field of the place and nothing else.
  message: (e: { module: string; needs: string; minVersion: number; erased: boolean }) =>
    `${e.module} needs ${e.needs} of at least version ${e.minVersion}; none is installed${e.erased ? '. The firmware would not notice: its own check reads version 0xFFFF from the erased place, and that is enough for it' : ''}`,
  remedy: (e) => `Flash ${withArticle(e.needs)} of the same release.`,
});

/** The place is taken, so the device is not short of a module but has the wrong one. */
export const foreignDependency = defineRule({
  id: missingDependency.id,
  severity: 'error',
  title: missingDependency.title,
  about: missingDependency.about,
  why: missingDependency.why,
  source: missingDependency.source,
  message: (e: { module: string; needs: string; minVersion: number; platform: string }) =>
    `${e.module} needs ${e.needs} of at least version ${e.minVersion}; the one there is for ${e.platform}`,
  remedy: (e) => `Flash ${withArticle(e.needs)} of the same release, for this board.`,
});

export const mixedGenerations = defineRule({
  id: 'dependency/mixed-generations',
  severity: 'warning',
  title: 'Bootloader and system of different generations',
  about: 'Bootloader and system parts stand on different sides of 0.7.0, when the DCT moved.',
  why: 'Bootloaders from 100 on read the DCT through functions that only system part 2 from version 200 on has; older ones choose the copy by other rules than newer firmware writes it.',
  source: 'bootloader/src/photon/bootloader_dct.c @ v0.7.0',
  message: (e: { bootloader: number; system: number }) =>
    e.bootloader >= 100
      ? `bootloader ${e.bootloader} reads the DCT through the system parts, which version ${e.system} cannot serve: DFU cannot reach the DCT, pending updates are not applied`
      : `bootloader ${e.bootloader} is from before 0.7.0 and uses the old DCT rules; system version ${e.system} writes the new ones`,
  remedy: () => 'Flash the bootloader that was shipped with the system parts.',
});

export const secondNotChecked = defineRule({
  id: 'dependency/second-not-checked',
  severity: 'note',
  title: 'Second dependency not checked',
  about: 'A module names no first dependency, so that firmware never looks at its second one.',
  why: 'The firmware stops at the first empty dependency and accepts the module, whatever is installed.',
  source: 'validate_module_dependencies in hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.3.1',
  message: (e: { module: string; needs: string; minVersion: number }) =>
    `${e.module} asks for ${e.needs} of at least version ${e.minVersion} in its second dependency only, where firmware does not look`,
});

export const dependencyRules = [unmet, missingDependency, mixedGenerations, secondNotChecked] as const;

/** First bootloader and first system version that share the DCT through the system parts (0.7.0-rc.1). */
const DCT_BOOTLOADER = 100;
const DCT_SYSTEM = 200;

/** The module that counts as installed for a function and index: sound enough to be read, and in its own place. */
export function installedModule(
  modules: readonly LocatedModule[],
  functionId: number,
  index: number,
): LocatedModule | undefined {
  return modules.find(
    ({ module, role }) =>
      role === 'main' && module.info.moduleFunction === functionId && module.info.moduleIndex === index,
  );
}

/** Not transitive on purpose: part 1 and part 2 need each other since 0.8.0. */
export function dependencyStates(located: LocatedModule, modules: readonly LocatedModule[]): DependencyState[] {
  return located.module.dependencies.map((dependency) => {
    const installed = installedModule(modules, dependency.functionId, dependency.index);
    const found = installed?.module.info.moduleVersion ?? null;
    return { ...dependency, found, satisfied: found !== null && found >= dependency.minVersion };
  });
}

/**
 * Whether the input holds the place where a module belongs, so that a missing one is missing for good. A module that the
 * map has no place for is only known to be missing when no other place is absent.
 */
export function holdsPlaceOf(survey: ModuleSurvey, functionName: string, index: number): boolean {
  const places = survey.regions.filter(({ module, role }) => module && role !== 'factory');
  const own = places.filter(({ module }) => module?.function === functionName && module.index === index);
  const decisive = own.length > 0 ? own : places;
  const absent = survey.emptyPlaces.filter(({ state }) => state === 'absent').map(({ region }) => region);
  return decisive.length > 0 && !decisive.some((region) => absent.includes(region));
}

export function checkDependencies(located: LocatedModule, survey: ModuleSurvey): Finding[] {
  const { module, region } = located;
  if (located.role !== 'main') return [];
  const title = moduleTitle(module);
  const header = module.address + module.headerOffset;
  // Without a first one, the only one listed is the second.
  const onlySecond = module.info.dependency.moduleFunction === 0;
  return dependencyStates(located, survey.modules).flatMap((state, index) => {
    const place = MODULE_INFO.field(index === 0 && !onlySecond ? 'dependency' : 'dependency2');
    const range = { start: header + place.offset, end: header + place.offset + place.size };
    if (onlySecond) {
      const evidence = {
        module: title,
        needs: functionTitle(state.function, state.index),
        minVersion: state.minVersion,
      };
      return [report(secondNotChecked, range, evidence, { region: region?.id })];
    }
    if (state.satisfied) return [];
    const needs = functionTitle(state.function, state.index);
    const { minVersion, found } = state;
    if (found !== null) {
      return [report(unmet, range, { module: title, needs, minVersion, found }, { region: region?.id })];
    }
    if (!holdsPlaceOf(survey, state.function, state.index)) return [];
    const foreign = survey.modules.find(
      ({ module: other, role, region: place }) =>
        role === 'foreign' &&
        place?.start === other.address &&
        other.info.moduleFunction === state.functionId &&
        other.info.moduleIndex === state.index,
    );
    if (foreign) {
      const platform = foreign.module.platform ?? `platform ${foreign.module.info.platformId}`;
      return [report(foreignDependency, range, { module: title, needs, minVersion, platform }, { region: region?.id })];
    }
    const erased = isErasedPlace(survey, state.function, state.index);
    return [report(missingDependency, range, { module: title, needs, minVersion, erased }, { region: region?.id })];
  });
}

function isErasedPlace({ emptyPlaces }: ModuleSurvey, functionName: string, index: number): boolean {
  return emptyPlaces.some(
    ({ region: { module }, state }) =>
      state === 'erased' && module?.function === functionName && module.index === index,
  );
}

/** Bootloader against system parts across the 0.7.0 change of the DCT. */
export function checkGenerations(modules: readonly LocatedModule[]): Finding[] {
  const bootloader = modules.find(({ module, role }) => role === 'main' && module.function === 'bootloader');
  const system = modules.find(
    ({ module, role }) => role === 'main' && module.function === 'system-part' && module.info.moduleIndex === 2,
  );
  if (!bootloader || !system) return [];
  const versions = { bootloader: bootloader.module.info.moduleVersion, system: system.module.info.moduleVersion };
  const mixed = versions.bootloader >= DCT_BOOTLOADER !== versions.system >= DCT_SYSTEM;
  if (!mixed) return [];
  const { address, end } = bootloader.module;
  return [report(mixedGenerations, { start: address, end }, versions, { region: bootloader.region?.id })];
}
