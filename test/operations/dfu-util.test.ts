/** What dfu-util is said to do, against what it was seen to do (observations in the manifests). */
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { reportDfu } from '../../src/operations/dfu-show.js';
import { type Vector, vectorBytes, vectorJson } from '../support/vectors.js';

interface Observed {
  readonly verdict: string;
  readonly exit: number;
  readonly message: readonly string[];
  readonly usb?: readonly string[];
}

type ObservedVector = Vector & { readonly observed: Readonly<Record<string, Observed>> };

const vectors = (folder: string): readonly ObservedVector[] =>
  vectorJson<{ vectors: ObservedVector[] }>(`${folder}/manifest.json`).vectors;

const P1 = loadBoard('particle-p1');
const RAW = 'dfu-util -a 0 -s 0x080A0000 -D (P1-like DfuSe device)';
const DFUSE = 'dfu-util -D (P1-like device 2b04:d008)';

function bytesWritten({ usb = [] }: Observed): number {
  return usb.reduce((total, request) => total + Number(/^WRITE .*len=(\d+)$/.exec(request)?.[1] ?? 0), 0);
}

/** Sum of the sizes in "writes, 1,000 bytes at". */
function bytesForecast(steps: readonly string[]): number {
  const sizes = steps.flatMap((step) => /writes,? ([\d,]+) bytes at/.exec(step)?.[1] ?? []);
  return sizes.reduce((total, size) => total + Number(size.replaceAll(',', '')), 0);
}

describe('dfu-util -s 0x080A0000 -D, for every DFU vector', () => {
  for (const { name, what, observed } of vectors('dfu')) {
    it(`${name}: ${what}`, () => {
      const seen = observed[RAW];
      if (!seen) throw new Error(`no observation of ${name}`);
      const { dfuUtil } = reportDfu(vectorBytes(`dfu/${name}`), name, P1, 0x080a0000);
      if (!dfuUtil) throw new Error('no forecast');
      expect(dfuUtil.outcome === 'stops').toBe(seen.exit !== 0);
      expect(bytesForecast(dfuUtil.steps)).toBe(bytesWritten(seen));
      const warned = seen.message.some((line) => line.includes('A valid DFU suffix will be required'));
      expect(dfuUtil.steps.some((step) => /two warnings|Invalid DFU suffix signature/.test(step))).toBe(warned);
      expect(dfuUtil.command === null).toBe(seen.exit !== 0);
    });
  }
});

describe('dfu-util -D, for every DfuSe vector', () => {
  for (const { name, what, observed } of vectors('dfuse')) {
    it(`${name}: ${what}`, () => {
      const seen = observed[DFUSE];
      if (!seen) throw new Error(`no observation of ${name}`);
      const { dfuUtil, findings } = reportDfu(vectorBytes(`dfuse/${name}`), name, P1);
      if (!dfuUtil) throw new Error('no forecast');
      // A file it half writes, or writes nothing of while claiming success, is one it does not write.
      const wrote = bytesWritten(seen);
      if (dfuUtil.outcome === 'writes') expect([seen.exit, bytesForecast(dfuUtil.steps)]).toEqual([0, wrote]);
      else expect(findings.map(({ severity }) => severity)).toContain('error');
      if (seen.exit !== 0) expect(dfuUtil).toMatchObject({ outcome: 'stops', command: null });
      const damaged = findings.some(({ rule }) => rule === 'container/damaged-dfuse');
      if (!damaged && dfuUtil.outcome === 'stops') expect(bytesForecast(dfuUtil.steps)).toBe(wrote);
      if (!damaged && seen.exit === 64) {
        expect(dfuUtil.steps.join(' ')).toContain('stops with exit code 64');
      }
    });
  }
});

describe('dfu-util and the ids', () => {
  it('says that -d decides about a file for another device', () => {
    const { dfuUtil, verdict } = reportDfu(vectorBytes('dfu/n22-vid-mismatch.dfu'), 'other.dfu', P1, 0x080a0000);
    expect(verdict).toBe('warn');
    expect(dfuUtil?.outcome).toBe('writes');
    expect(dfuUtil?.steps[0]).toBe(
      'The ids of the file (0483:df11) are not those of the board: with -d 2b04:d008 it stops with exit code 64, without -d it writes to a board that is already in DFU mode.',
    );
  });

  it('names the address of the user where nothing else says it, and quotes the file name', () => {
    const { dfuUtil } = reportDfu(vectorBytes('dfu/p02-p1-ids.dfu'), "it's.dfu", P1);
    expect(dfuUtil?.command).toBe("dfu-util -d 2b04:d008 -a 0 -s ADDRESS:leave -D 'it'\\''s.dfu'");
    expect(dfuUtil?.steps.join(' ')).toContain('at the address given with -s');
  });

  it('says that text is written as text, and that nothing has room for too much', () => {
    const text = reportDfu(vectorBytes('ihex/p01-srec_cat-0001.hex'), 'a.hex', P1);
    expect(text.findings.map(({ rule }) => rule)).toContain('container/not-binary');
    expect(text.dfuUtil?.outcome).toBe('writes-other-bytes');
    const large = reportDfu(new Uint8Array(0x10_0001).fill(7), 'large.bin', P1).dfuUtil;
    expect(large).toMatchObject({ outcome: 'stops', command: null });
    expect(large?.steps.at(-1)).toContain('no address has room for 1,048,577 bytes: the memory has 1,048,576');
  });

  it('says what the board refuses although its layout string offers it', () => {
    const { dfuUtil, findings } = reportDfu(vectorBytes('dfu/p02-p1-ids.dfu'), 'eeprom.dfu', P1, 0x0800c000);
    expect(findings.map(({ rule, origin }) => [rule, origin])).toEqual([['container/device-refuses', 'offset 0']]);
    expect(dfuUtil?.outcome).toBe('stops');
    expect(dfuUtil?.steps.join(' ')).toContain('ERASE_PAGE');
  });
});
