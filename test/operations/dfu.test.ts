import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { addDfuSuffix, checkDfu, removeDfuSuffix, showDfuse, unpackDfuse } from '../../src/operations/dfu.js';
import { type PackInput, packDfuse } from '../../src/operations/dfu-pack.js';
import { P1_DFU } from '../support/p1-dfu.js';
import { errorOf, manifest, vectorBytes } from '../support/vectors.js';

describe('DFU suffix', () => {
  it('adds what dfu-suffix adds', () => {
    const payload = vectorBytes('dfu/in/pat1000.bin');
    const made = addDfuSuffix(payload, 'pat1000.bin', { vendor: 0x2b04, product: 0xd008, device: 1 });
    expect(made).toEqual(vectorBytes('dfu/p02-p1-ids.dfu'));
    expect(addDfuSuffix(payload, 'pat1000.bin')).toEqual(vectorBytes('dfu/p01-wild-1000.dfu'));
    expect(removeDfuSuffix(made, 'a.dfu')).toEqual(payload);
  });

  it('gives a DfuSe body the DfuSe version', () => {
    const whole = vectorBytes('dfuse/p08-own-excl.dfu');
    const body = removeDfuSuffix(whole, 'a.dfu');
    expect(addDfuSuffix(body, 'a', { vendor: 0x2b04, product: 0xd008 })).toEqual(whole);
  });

  it('adds no second suffix and removes no damaged one unasked', () => {
    expect(errorOf(() => addDfuSuffix(vectorBytes('dfu/p02-p1-ids.dfu'), 'a.dfu')).code).toBe('DFU_SUFFIX_PRESENT');
    const damaged = vectorBytes('dfu/n06-bad-crc.dfu');
    expect(errorOf(() => addDfuSuffix(damaged, 'a.dfu')).message).toContain('damaged');
    expect(errorOf(() => removeDfuSuffix(damaged, 'a.dfu')).code).toBe('DFU_BAD_CRC');
    expect(removeDfuSuffix(damaged, 'a.dfu', true)).toEqual(vectorBytes('dfu/in/pat1000.bin'));
    expect(errorOf(() => removeDfuSuffix(vectorBytes('dfu/in/pat1000.bin'), 'a')).code).toBe('DFU_NO_SIGNATURE');
  });

  it('tells no suffix from a damaged one, for every vector', () => {
    for (const { name, expected } of manifest('dfu/manifest.json')) {
      const { suffix } = checkDfu(vectorBytes(`dfu/${name}`), name);
      const reason = expected.reason ?? '';
      const damaged = reason === 'crc mismatch' || reason === 'bad bLength';
      const missing = ['too short', 'no signature', 'false LPC prefix'].includes(reason) || expected.suffix === null;
      expect([name, suffix]).toEqual([name, damaged ? 'damaged' : missing ? 'absent' : 'ok']);
    }
  });

  it('says what dfu-util does with a file for another device', () => {
    const { findings } = checkDfu(vectorBytes('dfu/n22-vid-mismatch.dfu'), 'a.dfu', P1_DFU);
    const mismatch = findings.find(({ rule }) => rule === 'container/device-mismatch');
    expect(mismatch?.severity).toBe('warning');
    expect(mismatch?.message).toBe(
      'the file is for 0483:df11, the device is 2b04:d008: dfu-util -d 2b04:d008 refuses it, but without -d it writes the file to a device that is already in DFU mode',
    );
  });
});

describe('DfuSe files', () => {
  it('unpacks every element', () => {
    const { elements } = unpackDfuse(vectorBytes('dfuse/p04-pack-two-alts.dfu'), 'a.dfu');
    expect(elements.map(({ alternate, address, suggestedName }) => ({ alternate, address, suggestedName }))).toEqual([
      { alternate: 0, address: 0x080a0000, suggestedName: 'alt0-080A0000.bin' },
      { alternate: 1, address: 0, suggestedName: 'alt1-00000000.bin' },
    ]);
    expect(elements[0]?.bytes).toEqual(vectorBytes('dfu/in/pat1000.bin'));
    expect(elements[1]?.bytes).toEqual(vectorBytes('dfu/in/pat0017.bin'));
  });

  it('shows both of two elements that overlap as they are', () => {
    const { elements } = unpackDfuse(vectorBytes('dfuse/p15-overlap-elements.dfu'), 'a.dfu');
    expect(elements.map(({ bytes }) => bytes.length)).toEqual([1000, 255]);
    expect(elements[0]?.bytes).toEqual(vectorBytes('dfu/in/pat1000.bin'));
  });

  it('tells a file that is cut off from one that only lacks its suffix', () => {
    const whole = vectorBytes('dfuse/p08-own-excl.dfu');
    const cut = whole.subarray(0, 700);
    for (const read of [() => readAny(cut), () => addDfuSuffix(cut, 'a.dfu')]) {
      const error = errorOf(read);
      expect(error.code).toBe('DFUSE_TRUNCATED');
      expect(error.got).toBe('700 bytes');
      expect(error.help).toContain('Fetch the file again');
    }
    expect(checkDfu(cut, 'a.dfu').findings.map(({ evidence }) => evidence.code)).toContain('DFUSE_TRUNCATED');
    const bare = errorOf(() => readAny(vectorBytes('dfuse/n21-no-suffix.dfu')));
    expect(bare.code).toBe('DFU_NO_SIGNATURE');
    expect(bare.help).toBe('Add a suffix with `dfu add`; it refuses a DfuSe file whose end is missing too.');
    // Its prefix counts the suffix, so without that it is shorter than it says, and whole.
    const inclusive = packDfuse([{ name: 'a.dfu', bytes: whole }], { device: P1_DFU, inclusiveImageSize: true }).bytes;
    expect(readAny(addDfuSuffix(inclusive.subarray(0, -16), 'a.dfu')).format).toBe('dfuse');
  });

  it('names only the sectors that are read-only', () => {
    const input = data('dump.hex', 0x08000000, 0x100000);
    const { findings } = packDfuse([input], { device: P1_DFU, allowRefused: true });
    const closed = findings.filter(({ rule }) => rule === 'container/not-writeable');
    expect(closed).toMatchObject([{ start: 0x08000000, end: 0x0800c000 }]);
    expect(closed[0]?.message).toContain('0x08000000-0x0800BFFF lies in sectors');
  });

  it('says in which alternate setting an offset exists', () => {
    const { findings } = checkDfu(new Uint8Array(611).fill(5), 'key.dfu', P1_DFU, 34);
    const outside = findings.find(({ rule }) => rule === 'container/outside-device-memory');
    expect(outside?.remedy).toContain('alternate setting 1 (DCT Flash), 2 (Serial Flash)');
    expect(outside?.remedy).toContain('dfu-util -a 1 or -a 2');
  });

  const data = (name: string, address: number, length = 64, alternate?: number): PackInput => ({
    name,
    bytes: writeAny(MemoryImage.fromBytes(new Uint8Array(length).fill(7), address), 'intel-hex'),
    alternate,
  });

  it('packs by alternate setting, with the names and ids of the board', () => {
    const inputs = [data('app.hex', 0x080a0000), data('part1.hex', 0x08020000), data('dct.hex', 0, 16, 1)];
    const { bytes, targets, findings } = packDfuse(inputs, { device: P1_DFU });
    expect(findings).toEqual([]);
    expect(targets).toEqual([
      {
        alternate: 0,
        name: 'Internal Flash',
        elements: [
          { start: 0x08020000, end: 0x08020040 },
          { start: 0x080a0000, end: 0x080a0040 },
        ],
      },
      { alternate: 1, name: 'DCT Flash', elements: [{ start: 0, end: 16 }] },
    ]);
    const { container, findings: problems } = showDfuse(bytes, 'packed.dfu');
    expect(container).toMatchObject({ vendor: 0x2b04, product: 0xd008, imageSize: 'excludes-suffix', crc: 'ok' });
    expect(problems.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(checkDfu(bytes, 'packed.dfu', P1_DFU).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const inclusive = packDfuse(inputs, { device: P1_DFU, inclusiveImageSize: true }).bytes;
    expect(showDfuse(inclusive, 'a').container.imageSize).toBe('includes-suffix');
  });

  it('places modules by their own header and asks for other addresses', () => {
    const input = { name: 'module.bin', bytes: new Uint8Array(32).fill(3) };
    const { bytes } = packDfuse([input], { device: P1_DFU, placeModule: () => ({ address: 0x08060000 }) });
    expect(readAny(bytes).image.span).toEqual({ start: 0x08060000, end: 0x08060020 });
    expect(errorOf(() => packDfuse([input], { device: P1_DFU })).code).toBe('PACK_NO_ADDRESS');
    const given = packDfuse([{ ...input, address: 0x080c0000 }], {
      device: P1_DFU,
      placeModule: () => ({ address: 0x08060000 }),
    });
    expect(readAny(given.bytes).image.span?.start).toBe(0x080c0000);
    const twice = { ...data('a.hex', 0x080a0000), address: 0x080a0000 };
    expect(errorOf(() => packDfuse([twice], { device: P1_DFU })).code).toBe('PACK_ADDRESS_GIVEN_TWICE');
  });

  it('keeps the alternate settings of a DfuSe input', () => {
    const input = { name: 'two.dfu', bytes: vectorBytes('dfuse/p04-pack-two-alts.dfu') };
    expect(packDfuse([input], { device: P1_DFU }).targets.map(({ alternate }) => alternate)).toEqual([0, 1]);
  });

  it('refuses overlaps, naming both inputs', () => {
    const error = errorOf(() => packDfuse([data('a.hex', 0x080a0000), data('b.hex', 0x080a0020)], { device: P1_DFU }));
    expect(error.code).toBe('PACK_OVERLAP');
    expect(error.where).toBe('0x080A0020-0x080A003F');
    expect(error.got).toBe('0x080A0000-0x080A003F from a.hex and 0x080A0020-0x080A005F from b.hex');
  });

  it.each([
    ['past the end of flash', 0x08100000, 'lies outside the memory of alternate setting 0'],
    ['across the end of flash', 0x080fffe0, 'runs out of the memory'],
    ['boot loader sectors', 0x08000000, 'marks read-only'],
    ['DCT sectors, which the layout string calls writeable', 0x0800c000, 'the boot loader protects itself, the DCT'],
  ])('refuses %s, with reason and the way that works', (_, address, reason) => {
    const error = errorOf(() => packDfuse([data('a.hex', address)], { device: P1_DFU }));
    expect(error.code).toBe('PACK_REFUSED');
    expect(error.message).toContain(reason);
    expect(error.where).toBe('a.hex');
    expect(error.help).toMatch(/ST-Link|Move or crop/);
    const { findings } = packDfuse([data('a.hex', address)], { device: P1_DFU, allowRefused: true });
    expect(findings[0]?.severity).toBe('error');
  });

  it('suggests the alternate setting that has the addresses', () => {
    const error = errorOf(() => packDfuse([data('dct.hex', 0x100)], { device: P1_DFU }));
    expect(error.help).toContain('alternate setting 1 (DCT Flash), 2 (Serial Flash)');
    expect(errorOf(() => packDfuse([data('x.hex', 0, 16, 9)], { device: P1_DFU })).message).toContain(
      'no alternate setting 9',
    );
  });

  it('warns about ids that are not those of the board', () => {
    const { findings } = packDfuse([data('a.hex', 0x080a0000)], { device: P1_DFU, vendor: 0x0483, product: 0xdf11 });
    expect(findings).toMatchObject([{ rule: 'container/device-mismatch', severity: 'warning' }]);
    expect(findings[0]?.message).toContain('without -d it writes the file');
  });

  it('refuses to pack nothing', () => {
    expect(errorOf(() => packDfuse([], { device: P1_DFU })).code).toBe('PACK_NO_INPUT');
  });
});
