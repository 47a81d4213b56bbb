/**
 * The JSON files of `layouts/`, inlined by the bundler. Must offer what ../node/data.ts offers; a test compares them and
 * fails when a file of `layouts/` is missing here.
 */
import particleModules from '../../../layouts/particle-modules.json' with { type: 'json' };
import particleReleases from '../../../layouts/particle-releases.json' with { type: 'json' };

const FILES: Readonly<Record<string, unknown>> = {
  'particle-modules.json': particleModules,
  'particle-releases.json': particleReleases,
};

/** The content of `layouts/<name>`, or undefined when there is no such file. Shared: do not change it. */
export function readData(name: string): unknown {
  return Object.hasOwn(FILES, name) ? FILES[name] : undefined;
}

/** File names in `layouts/`, sorted. */
export function dataNames(): string[] {
  return Object.keys(FILES).sort();
}
