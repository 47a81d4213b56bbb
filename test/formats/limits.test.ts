/** What no file of these formats can hold. */
import { describe, expect, it } from 'vitest';
import { lmdfuPrefix } from '../../src/formats/dfu-prefix.js';
import { buildDfuseFile, type DfuseTargetPlan, dfuseIds } from '../../src/formats/dfuse-file.js';
import { formatById } from '../../src/formats/index.js';
import { RecordCollector } from '../../src/formats/record-collector.js';

const ids = dfuseIds(0x2b04, 0xd008);
const target = (nameBytes: number): DfuseTargetPlan => ({
  alternate: 0,
  named: 1,
  nameBytes: new Uint8Array(nameBytes),
  elements: [],
});

describe('limits of the formats', () => {
  it('a DfuSe file has 1 to 255 targets', () => {
    expect(() => buildDfuseFile([], ids)).toThrow(
      expect.objectContaining({ code: 'DFUSE_TARGET_LIMIT', help: 'Give at least one input with data.' }),
    );
    const targets = Array.from({ length: 256 }, () => target(0));
    expect(() => buildDfuseFile(targets, ids)).toThrow(
      expect.objectContaining({ code: 'DFUSE_TARGET_LIMIT', expected: '1 to 255', got: '256' }),
    );
    expect(buildDfuseFile(targets.slice(1), ids)[10]).toBe(255);
  });

  it('the name of a DfuSe target has at most 255 bytes', () => {
    expect(() => buildDfuseFile([target(256)], ids)).toThrow(
      expect.objectContaining({ code: 'DFUSE_NAME_TOO_LONG', got: '256' }),
    );
    expect(buildDfuseFile([target(255)], ids).length).toBe(11 + 274 + 16);
  });

  it('a Stellaris prefix states multiples of 1024 below 64 MiB', () => {
    for (const address of [100, 64 * 1024 * 1024]) {
      expect(() => lmdfuPrefix(address, 4)).toThrow(expect.objectContaining({ code: 'DFU_PREFIX_ADDRESS' }));
    }
    expect([...lmdfuPrefix(0x2000, 4)]).toEqual([1, 0, 8, 0, 4, 0, 0, 0]);
  });

  it('a format has a name that is known', () => {
    expect(() => formatById('tar')).toThrow(
      expect.objectContaining({ code: 'FORMAT_UNKNOWN', expected: expect.stringContaining('intel-hex') }),
    );
    expect(formatById('srec').id).toBe('srec');
  });

  it('records lie in at most a million pieces', () => {
    const most = 0x10_0000;
    const collector = new RecordCollector(most + 1);
    for (let index = 0; index < most; index++) collector.commit(index * 2, 1, index + 1);
    expect(collector.finish('dots.hex').image.byteCount).toBe(most);
    collector.commit(most * 2, 1, most + 1);
    expect(() => collector.finish('dots.hex')).toThrow(
      expect.objectContaining({ code: 'RECORDS_TOO_SCATTERED', where: 'dots.hex', got: `${most + 1}` }),
    );
  });
});
