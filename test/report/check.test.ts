/** The outputs of check: text for people, SARIF, JUnit XML and GitHub annotations for machines. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { BootPrediction } from '../../src/boot/types.js';
import { readAny } from '../../src/formats/index.js';
import { loadBoard } from '../../src/layout/load.js';
import { type CheckOptions, checkFile, checkOnto, checkSet } from '../../src/operations/check/check.js';
import type { CheckResult } from '../../src/operations/check/report.js';
import { inputOf } from '../../src/operations/open.js';
import { renderCheck } from '../../src/report/check.js';
import { renderGithub } from '../../src/report/github.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderSarif } from '../../src/report/sarif.js';
import { PLAIN } from '../../src/report/style.js';
import { withModule } from '../rules/samples/device.js';
import { SAMPLES } from '../rules/samples/index.js';
import {
  bootloader,
  erasedThenFlashedDump,
  healthyDump,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';

const board = loadBoard('particle-p1');
const schema = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
    'utf8',
  ),
);
// A pattern of the schema for languages is no Unicode pattern.
const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const valid = ajv.compile(schema);

const named = (path: string, bytes: Uint8Array, base?: number) =>
  inputOf(path, bytes, readAny(bytes, { name: path, base }));
const checked = (bytes: Uint8Array, options: CheckOptions = {}, path = 'dump.bin') =>
  checkFile(named(path, bytes), board, options);
const text = (result: CheckResult, width = 100) => renderCheck(result, { style: PLAIN, width });

function sarif(result: CheckResult) {
  const document = JSON.parse(renderSarif(result));
  valid(document);
  expect(valid.errors ?? []).toEqual([]);
  return document.runs[0];
}

const RESULTS: Readonly<Record<string, () => CheckResult>> = {
  healthy: () => checked(healthyDump()),
  'erased, then flashed': () => checked(erasedThenFlashedDump(), { optcr: 0x0e1eaae1 }),
  'a module cut off': () => checked(systemPart1().slice(0, 70_000)),
  'bytes without a place': () => checked(new Uint8Array(100).fill(7)),
  'a set': () => checkSet([named('a.bin', systemPart1()), named('b/c d.bin', systemPart2(2302))], board),
  'onto a chip': () => checkOnto(named('chip.bin', healthyDump()), [named('boot.bin', bootloader(501))], board),
};

describe('SARIF', () => {
  it('refuses what is no SARIF', () => {
    expect(valid({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
  });

  it.each(Object.entries(RESULTS))('is valid for %s', (_, make) => {
    const result = make();
    const run = sarif(result);
    expect(run.results).toHaveLength(result.report.findings.length);
    expect(run.invocations).toEqual([{ executionSuccessful: true, exitCode: result.report.passed ? 0 : 1 }]);
  });

  it('says where: in the file and at which address', () => {
    const damaged = withModule(0x20000, systemPart1());
    damaged[0x21000] = 1;
    const run = sarif(checked(damaged, { ignore: ['release'] }, 'my dumps/board #1.bin'));
    const [result] = run.results;
    const start = 0x08020000 + systemPart1().length - 4;
    expect(result).toMatchObject({
      ruleId: 'module/crc-mismatch',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'my%20dumps/board%20%231.bin' },
            region: { byteOffset: start - 0x08000000, byteLength: 4 },
            address: { absoluteAddress: start, length: 4, name: 'system-part1' },
          },
        },
      ],
    });
    expect(result.message.text).toMatch(/^System part 1 version 2202: CRC is 0x.*\. Flash the module again/);
    expect(run.artifacts).toEqual([
      { location: { uri: 'my%20dumps/board%20%231.bin' }, length: 0x100000, hashes: { 'sha-256': expect.any(String) } },
    ]);
  });

  it('carries the texts of the rules that fired, and no others', () => {
    const { tool, results } = sarif(checked(erasedThenFlashedDump()));
    const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids)).toEqual(new Set(results.map(({ ruleId }: { ruleId: string }) => ruleId)));
    for (const { ruleId, ruleIndex } of results) expect(ids[ruleIndex]).toBe(ruleId);
    const rule = tool.driver.rules.find(({ id }: { id: string }) => id === 'dct/no-usable-copy');
    expect(rule).toMatchObject({
      name: 'No usable DCT copy',
      defaultConfiguration: { level: 'error' },
      properties: { tags: ['dct'] },
    });
    expect(rule.help.text).toContain('the cloud refuses the key that it makes');
  });

  it('recognises the same finding again, whatever the file is called', () => {
    const prints = (path: string): unknown[] =>
      sarif(checked(erasedThenFlashedDump(), {}, path)).results.map(
        ({ partialFingerprints }: { partialFingerprints: unknown }) => partialFingerprints,
      );
    expect(prints('a.bin')).toEqual(prints('b.bin'));
    const values = prints('a.bin').map((print) => JSON.stringify(print));
    expect(new Set(values).size).toBe(values.length);
  });

  it('gives lines for text files, and places at the end of a file that is cut off', () => {
    const hex = ':0400000001020304F2\nhello\n:00000001FF\n';
    const bytes = new TextEncoder().encode(hex);
    const input = inputOf('a.hex', bytes, readAny(bytes, { name: 'a.hex', permissive: true }));
    const run = sarif(checkFile(input, board));
    const foreign = run.results.find(({ ruleId }: { ruleId: string }) => ruleId === 'container/foreign-line');
    expect(foreign.locations[0].physicalLocation.region).toEqual({ startLine: 2 });
  });
});

/** Start and end tags in order, or an error: enough of XML to see that nothing escaped from its place. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = xml.replace(
    /<\?xml [^<>]*\?>|<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g,
    (_, close, name, _attributes, single) => {
      if (name === undefined) return '';
      if (close) expect(open.pop()).toBe(name);
      else {
        seen.push(name);
        if (!single) open.push(name);
      }
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(xml.replace(/&(amp|lt|gt|quot|apos|#10|#9);/g, '')).not.toContain('&');
  return seen;
}

describe('JUnit XML', () => {
  it.each(Object.entries(RESULTS))('is well-formed for %s', (_, make) => {
    const { report } = make();
    const tags = tagsOf(renderJunit(report));
    expect(tags.slice(0, 3)).toEqual(['testsuites', 'testsuite', 'properties']);
    expect(tags.filter((tag) => tag === 'testcase')).toHaveLength(Math.max(1, report.findings.length));
    expect(tags.filter((tag) => tag === 'failure')).toHaveLength(report.counts.error);
  });

  it('fails what --fail-on says, and passes the rest', () => {
    const tags = (options: CheckOptions) => tagsOf(renderJunit(checked(healthyDump(), options).report));
    const optcr = 0x0fffaae1;
    expect(tags({ optcr, failOn: 'warning' }).filter((tag) => tag === 'failure')).toHaveLength(1);
    expect(tags({ optcr, failOn: 'never' })).not.toContain('failure');
    expect(renderJunit(checked(healthyDump(), { ignore: ['release'] }).report)).toContain(
      '<testcase classname="dump.bin" name="no findings"/>',
    );
  });
});

describe('GitHub annotations', () => {
  it('are one line each', () => {
    const { report } = checked(erasedThenFlashedDump());
    const lines = renderGithub(report).trimEnd().split('\n');
    expect(lines).toHaveLength(report.findings.length);
    expect(lines[0]).toMatch(/^::notice file=dump\.bin,title=release\/unknown-build::bootloader version 7, /);
    const error = lines.find((line) => line.startsWith('::error'));
    expect(error).toMatch(
      /^::error file=dump\.bin,title=dct\/no-usable-copy::No device key.* \(dct1 0x08004000\)%0AWrite both/,
    );
  });

  it('are none for a clean input', () => {
    expect(renderGithub(checked(healthyDump(), { ignore: ['release'] }).report)).toBe('');
  });
});

describe('hostile names and texts', () => {
  const name = 'a\n::error::b"<&>\'\u0001\u007f\u009b31m\ud800]]>,%:.bin';
  const result = checked(erasedThenFlashedDump(), {}, name);

  it('stay in their place in SARIF', () => {
    const output = renderSarif(result);
    expect(output).not.toMatch(/[\u007f-\u009f]/);
    const run = sarif(result);
    expect(run.artifacts[0].location.uri).toMatch(/^a%0A%3A%3Aerror/);
  });

  it('stay in their place in JUnit XML', () => {
    const xml = renderJunit(result.report);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 does not allow.
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff]/);
    expect(tagsOf(xml).filter((tag) => tag === 'testcase')).toHaveLength(result.report.findings.length);
    expect(xml).toContain('classname="a&#10;::error::b&quot;&lt;&amp;&gt;&apos;\\u{1}');
  });

  it('start no command of their own', () => {
    const lines = renderGithub(result.report).trimEnd().split('\n');
    expect(lines).toHaveLength(result.report.findings.length);
    for (const line of lines) {
      expect(line).toMatch(/^::(error|warning|notice) file=a%0A%3A%3Aerror%3A%3Ab/);
      expect(line).toContain('%2C%25%3A.bin,title=');
    }
  });
});

describe('the text', () => {
  it('of a configured device is short', () => {
    expect(text(checked(healthyDump(), { ignore: ['release'] }))).toBe(
      [
        'dump.bin',
        'flash dump of Particle P1 from 0x08000000, 4 modules, Device OS 2.2.0, judged as particle-p1',
        '',
        'Findings',
        'none; 1 finding left out by --rule or --ignore.',
        '',
        'What the board will do',
        '  At reset   the board runs its application, connected to the cloud (likely)',
        '  LED        cloud-connected',
        '  Provided   no request waits in the backup registers, and the button is not held; its Wi-Fi network',
        '             is in reach and leads to the Internet; the cloud knows the public half of the device',
        '             key; the supply is steady, and the option bytes are the usual ones',
        '  Otherwise  if the cloud knows another key for this device, or none: it reaches the cloud, which',
        '             refuses it, LED cloud-error (likely)',
        '  More       flashatlas boot shows every step, and every other end',
        '',
        'Verdict  pass (0 errors, 0 warnings, 0 notes)',
        '',
      ].join('\n'),
    );
  });

  it('puts findings under their regions, in address order', () => {
    const titles = text(checked(erasedThenFlashedDump(), { optcr: 0x0e1eaaed }))
      .split('\n')
      .filter((line) => /\(\w+\) 0x|^Option bytes$/.test(line));
    expect(titles).toEqual([
      'Bootloader (bootloader) 0x08000000-0x08003FFF',
      'Device configuration table (DCT), copy 1 (dct1) 0x08004000-0x08007FFF',
      'Option bytes',
    ]);
  });

  it('says what a module needs and nobody showed', () => {
    const output = text(checked(systemPart2(), { ignore: ['release'] }));
    expect(output).toContain(
      '  system part 2 needs bootloader of at least 1003: not among the files: the board must have it',
    );
    expect(text(checked(userPart()))).toContain('user part needs system part 2 of at least 6');
  });

  it('says which dependencies of a set are met and which are not', () => {
    const output = text(checkSet([named('a.bin', bootloader(501)), named('b.bin', systemPart2())], board));
    expect(output).toContain('  system part 2 needs bootloader of at least 1003: NOT met, 501 is here');
    expect(output).toContain('a.bin  0x08000000  bootloader version 501');
  });

  it('lists what is lost and what is kept', () => {
    const result = checkOnto(named('chip.bin', healthyDump()), [named('boot.bin', bootloader(1005))], board);
    const output = text(result, 200);
    expect(output).toContain('chip.bin after writing 1 file onto it');
    expect(output).toMatch(/erased +sector 0\n/);
    expect(output).toMatch(
      / {2}lost +bootloader version 1006 \(bootloader, 0x08000000-0x08003877\): replaced by bootloader version 1005/,
    );
    expect(output).toMatch(/kept +DCT copy 1 \(current\)/);
    expect(output).toContain('not by DFU  0x08000000-0x08003877: the bootloader refuses it. Bootloader: write');
  });

  it('says what the board will do, where that is known', () => {
    const result = checked(healthyDump(), { ignore: ['release'] });
    const boot: BootPrediction = {
      bootloader: 'jump',
      dctAccess: true,
      outcome: 'listening',
      led: 'listening',
      confidence: 'likely',
      conditions: ['the button is not held', 'the supply is steady'],
      alternatives: [
        { outcome: 'dfu', led: 'dfu', condition: 'the button is held', confidence: 'certain', general: true },
        { outcome: 'runs', led: 'wifi-off', condition: 'a', confidence: 'possible', general: false },
        { outcome: 'hang', led: 'dark', condition: 'b', confidence: 'certain', general: false },
        { outcome: 'fault', led: 'sos', condition: 'c', confidence: 'certain', general: false },
      ],
      steps: [],
      copies: [],
    };
    const shown = { ...result, report: { ...result.report, boot } };
    const output = renderCheck(shown, { style: PLAIN, width: 100, led: (id) => `${id} in words` });
    expect(output).toContain(
      [
        'What the board will do',
        '  At reset   the board waits in listening mode for Wi-Fi credentials (likely)',
        '  LED        listening in words',
        '  Provided   the button is not held; the supply is steady',
        '  Otherwise  if a: it runs its application, connected to the cloud, LED wifi-off in words (possible)',
        '             if b: it hangs before the system firmware is up, LED dark in words',
        '  More       flashatlas boot shows every step, and every other end',
        '',
      ].join('\n'),
    );
    const none = { ...result, report: { ...result.report, boot: null } };
    expect(text(none)).not.toContain('What the board will do');
  });

  it('says so when warnings are enough to fail', () => {
    const output = text(checked(healthyDump(), { optcr: 0x0fffaae1, failOn: 'warning' }));
    expect(output.trimEnd()).toMatch(/Verdict {2}warn \(.*\); it does not pass, because --fail-on is warning$/);
  });
});

describe('every sample of a rule', () => {
  it('has a finding that each format can carry', () => {
    const base = checked(healthyDump());
    const findings = Object.values(SAMPLES).flatMap(({ fires }) =>
      fires().map((finding) => ({ file: 'dump.bin', fileOffset: null, fileLine: null, ...finding })),
    );
    const result = { ...base, report: { ...base.report, findings } };
    expect(sarif(result).results.length).toBe(findings.length);
    expect(tagsOf(renderJunit(result.report)).filter((tag) => tag === 'testcase')).toHaveLength(findings.length);
    expect(renderGithub(result.report).trimEnd().split('\n')).toHaveLength(findings.length);
  });
});
