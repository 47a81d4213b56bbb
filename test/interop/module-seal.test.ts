/** Digest and CRC of modules, computed by openssl and srec_cat from the description of the format alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { bootloader, systemPart1, systemPart2, userPart } from '../support/synthetic.js';
import { callTool, describeWithTools } from '../support/tools.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-interop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CRC_BYTES = 4;
/** The digest lies before the two bytes of the suffix size, and covers what lies before it. */
const DIGEST_BYTES = 32;
const DIGEST_TO_END = 34;

const modules = {
  bootloader: bootloader(),
  'system part 1': systemPart1(),
  'system part 2': systemPart2(),
  'user part': userPart(),
  'user part with the old suffix': userPart({ withoutProduct: true }),
};

describeWithTools('the seal of modules', ['openssl', 'srec_cat'], () => {
  it.each(Object.entries(modules))('%s', (_, module) => {
    const end = module.length - CRC_BYTES;
    writeFileSync(join(folder, 'body.bin'), module.subarray(0, end - DIGEST_TO_END));
    const digest = callTool('openssl', ['dgst', '-sha256', '-binary', 'body.bin'], folder);
    expect(toHex(digest)).toBe(toHex(module.subarray(end - DIGEST_TO_END, end - DIGEST_TO_END + DIGEST_BYTES)));

    writeFileSync(join(folder, 'module.bin'), module.subarray(0, end));
    const place = `0x${end.toString(16)}`;
    const args = ['module.bin', '-binary', '-crc32-b-e', place, '-crop', place, `0x${(end + CRC_BYTES).toString(16)}`];
    callTool('srec_cat', [...args, '-offset', `-${place}`, '-o', 'crc.bin', '-binary'], folder);
    expect(toHex(readFileSync(join(folder, 'crc.bin')))).toBe(toHex(module.subarray(end)));
  });
});
