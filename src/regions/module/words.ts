/** Modules in words. */
import type { ParticleModule } from './decode.js';

const FUNCTION_WORDS: Readonly<Record<string, string>> = {
  bootloader: 'bootloader',
  'mono-firmware': 'monolithic firmware',
  'system-part': 'system part',
  'user-part': 'user part',
};

/** Several system parts as one block, whatever function its header states. */
export const COMBINED_TITLE = 'combined system parts';

/** "system part 2", "bootloader", "user part". */
export function functionTitle(name: string, index: number): string {
  const words = FUNCTION_WORDS[name] ?? name;
  return name === 'system-part' ? `${words} ${index}` : words;
}

/** "the bootloader", but "system part 2": a number makes a name of it. */
export function withArticle(title: string): string {
  return /\d$/.test(title) ? title : `the ${title}`;
}

/** "system part 2 version 2202". */
export function moduleTitle(module: ParticleModule): string {
  const name = module.combined ? COMBINED_TITLE : functionTitle(module.function, module.info.moduleIndex);
  return `${name} version ${module.info.moduleVersion}`;
}
