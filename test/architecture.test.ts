/** The form of the source: who imports whom, what runs in a browser, and registries that forget nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_RULES, type RuleSummary } from '../src/rules/index.js';
import {
  codeOf,
  filesBelow,
  type Import,
  importsOf,
  ROOT,
  type SourceFile,
  withoutComments,
} from './support/source-files.js';

const MAX_LINES = 420;

/** Folders a folder may import from, besides itself. `types:` means types only. */
const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  layout: ['core'],
  formats: ['core'],
  regions: ['core', 'layout'],
  rules: ['core', 'layout', 'regions'],
  boot: ['core', 'layout', 'regions'],
  operations: ['core', 'layout', 'formats', 'regions', 'rules', 'boot', 'tool'],
  report: ['core', 'operations', 'tool', 'types:layout', 'types:regions', 'types:boot', 'types:rules'],
  'platform/node': ['core'],
  'platform/web': ['core', 'data files'],
  web: ['core', 'layout', 'formats', 'regions', 'rules', 'boot', 'operations', 'report', 'tool', 'index'],
  index: ['core', 'layout', 'formats', 'regions', 'rules', 'boot', 'operations', 'report', 'tool'],
  tool: [],
};

/** These, and nothing else, know that they run under node. */
const NODE_FOLDERS = ['cli', 'platform/node'];

const sources = filesBelow('src', /\.ts$/);
const tests = filesBelow('test', /\.(ts|mjs|json)$/).filter(({ path }) => path !== 'test/architecture.test.ts');
const testText = tests.map(({ text }) => text).join('\n');

/** "src/platform/node/data.ts" is in "platform/node", "src/index.ts" in "index", "src/core/range.ts" in "core". */
function folderOf(path: string): string {
  if (path.startsWith('layouts/')) return 'data files';
  return /^src\/(platform\/[^/]+|[^/.]+)/.exec(path)?.[1] ?? path;
}

function isAllowed(from: string, { target, typeOnly }: Import): boolean {
  if (target === undefined) return true;
  const to = folderOf(target);
  if (from === to || from === 'cli') return true;
  const allowed = DIRECTIONS[from] ?? [];
  return allowed.includes(to) || (typeOnly && allowed.includes(`types:${to}`));
}

const inBrowser = sources.filter(({ path }) => !NODE_FOLDERS.includes(folderOf(path)));
const show = (file: SourceFile, { specifier }: Import): string => `${file.path} imports ${specifier}`;

describe('the direction of imports', () => {
  it('sees the imports it is to judge', () => {
    const cli = sources.find(({ path }) => path === 'src/cli/main.ts');
    expect(cli && importsOf(cli).map(({ target }) => target)).toEqual(
      expect.arrayContaining(['src/core/errors.ts', 'src/report/json.ts']),
    );
    const text =
      "import { type A, type B } from '../x.js';\nimport a, {\n  b,\n} from './y.js';\nexport type { C } from './z.js';\n";
    expect(importsOf({ path: 'src/core/a.ts', text }).map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
      ['src/x.ts', true],
      ['src/core/y.ts', false],
      ['src/core/z.ts', true],
    ]);
  });

  it('is known for every folder of src', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => folder !== 'cli' && DIRECTIONS[folder] === undefined)).toEqual([]);
  });

  it('only leads downwards', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((entry) => !isAllowed(folderOf(file.path), entry))
        .map((entry) => show(file, entry)),
    );
    expect(wrong).toEqual([]);
  });

  it('has no circles', () => {
    expect(circles(sources)).toEqual([]);
    const circle = [
      { path: 'src/core/a.ts', text: "import { b } from './b.js';" },
      { path: 'src/core/b.ts', text: "import { a } from './a.js';" },
    ];
    expect(circles(circle)).toEqual(['src/core/a.ts -> src/core/b.ts -> src/core/a.ts']);
  });

  it('takes only packages that are installed with ours', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const unknown = sources.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier, target }) => target === undefined && !/^(node:|#)/.test(specifier))
        .filter(({ specifier }) => !(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '' in dependencies))
        .map((entry) => show(file, entry)),
    );
    expect(unknown).toEqual([]);
  });
});

/** Circles of imports that remain after compilation, each once. */
function circles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ target, typeOnly }) => (target !== undefined && !typeOnly ? [target] : [])),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push([...trail.slice(seen), path].join(' -> '));
    if (seen >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

describe('what runs in a browser', () => {
  it('imports nothing of node', () => {
    const wrong = inBrowser.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith('node:'))
        .map((entry) => show(file, entry)),
    );
    expect(wrong).toEqual([]);
  });

  it('uses no global of node', () => {
    const globals = /\bBuffer\b|\bprocess\s*[.[]|\b__dirname\b|\b__filename\b|\brequire\s*\(|\bglobalThis\.process\b/;
    const wrong = inBrowser.flatMap(({ path, text }) => {
      const found = globals.exec(codeOf(text));
      return found ? [`${path} uses ${found[0]}`] : [];
    });
    expect(wrong).toEqual([]);
    expect(globals.test(codeOf("const a = Buffer.from('x'); // ok"))).toBe(true);
    expect(globals.test(codeOf("// Buffer\nnew ArrayBuffer(4); const a = 'process.exit';"))).toBe(false);
  });
});

describe('the size of files', () => {
  it(`is at most ${MAX_LINES} lines`, () => {
    const long = sources.filter(({ text }) => text.split('\n').length > MAX_LINES);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });
});

function isRule(value: unknown): value is RuleSummary {
  return typeof value === 'object' && value !== null && 'id' in value && 'severity' in value && 'why' in value;
}

describe('rules', () => {
  const files = filesBelow('src/rules', /\.ts$/).filter(({ path }) => !/\/(rule|of-reader|index)\.ts$/.test(path));

  it.each(files.map(({ path }) => path))('of %s are all in the registry', async (path) => {
    const exported: Record<string, unknown> = await import(join(ROOT, path));
    const rules = Object.values(exported).flat().filter(isRule);
    expect(rules.length).toBeGreaterThan(0);
    const registered = new Set(ALL_RULES.map(({ id }) => id));
    expect(rules.map(({ id }) => id).filter((id) => !registered.has(id))).toEqual([]);
  });

  it('have ids of their own, with the area in front', () => {
    const ids = ALL_RULES.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  it('say in one sentence what they are about', () => {
    expect(ALL_RULES.filter(({ about }) => !/^[A-Z].*\.$/.test(about)).map(({ id }) => id)).toEqual([]);
    expect(ALL_RULES.filter(({ why }) => !/^\S.*\.$/.test(why)).map(({ id }) => id)).toEqual([]);
    expect(ALL_RULES.filter(({ title }) => !/^\S.*[^.]$/.test(title)).map(({ id }) => id)).toEqual([]);
    expect(ALL_RULES.filter(({ source }) => source === '').map(({ id }) => id)).toEqual([]);
  });

  it.each(ALL_RULES.map(({ id }) => id))('%s is tested', (id) => {
    expect(testText.includes(id), `no test mentions ${id}`).toBe(true);
  });
});

/** Stands in the error document of the command line for everything that is no error of ours. */
const NO_ERROR_OF_OURS = 'INTERNAL';

/** Codes that no test reaches yet. Only ever make this shorter; a code that a test names may not stay here. */
const UNTESTED_CODES: readonly string[] = [];

describe('error codes', () => {
  const text = sources.map((file) => withoutComments(file.text)).join('\n');
  // The value itself, or one of the outcomes of a condition: not what the condition compares.
  const written = [...text.matchAll(/\bcode:\s*([^,;{}]*)/g)].flatMap(([, value = '']) =>
    [...value.matchAll(/(?:^|[?:]\s*)'([^']*)'/g)].map(([, code = '']) => code),
  );
  // Helpers take a code as an argument: every such word whose area is that of a known code is one.
  const areas = new Set(written.map((code) => code.split('_')[0] ?? ''));
  const passed = [...text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)].map(([, code = '']) => code);
  const codes = [...new Set([...written, ...passed.filter((code) => areas.has(code.split('_')[0] ?? ''))])]
    .filter((code) => code !== NO_ERROR_OF_OURS)
    .sort();

  it('are found', () => {
    expect(codes).toEqual(expect.arrayContaining(['INPUT_NO_PERMISSION', 'LAYOUT_OVERLAP', 'STRUCT_TRUNCATED']));
  });

  it('are SCREAMING_SNAKE, with the area in front', () => {
    expect(codes.filter((code) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code))).toEqual([]);
  });

  it('all appear in a test', () => {
    // A code may be given its area at run time: BAD_CHECKSUM becomes IHEX_BAD_CHECKSUM.
    const untested = codes.filter((code) => !new RegExp(`(?:\\b|_)${code}\\b`).test(testText));
    expect(untested).toEqual([...UNTESTED_CODES].sort());
  });
});
