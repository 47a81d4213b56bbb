/** Images in very many pieces, and dumps full of modules: the work grows with their number, not with its square. */
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import { checkOnto, checkSet } from '../../src/operations/check/check.js';
import { diff } from '../../src/operations/diff/diff.js';
import { hexRows } from '../../src/operations/hex.js';
import { examine, type InspectInput } from '../../src/operations/inspect/inspect.js';
import { outline } from '../../src/operations/locate.js';
import { drawMap } from '../../src/operations/map.js';
import { accountFor, type Claim } from '../../src/regions/account.js';
import { buildModule } from '../../src/regions/module/build.js';
import { flashOf } from '../../src/regions/module/find.js';
import { renderInspection } from '../../src/report/inspect.js';
import { PLAIN } from '../../src/report/style.js';
import { expectLinear } from '../support/growth.js';
import { FLASH_SIZE, FLASH_START, rawInput } from '../support/synthetic.js';

const board = loadBoard('particle-p1');
const flash = flashOf(board);

/** Pieces of four bytes, sixteen bytes apart; the sizes used here keep them in the flash. */
function inPieces(count: number, shift = 0): InspectInput {
  const segments = Array.from({ length: count }, (_, index) => ({
    address: flash.start + shift + index * 16,
    bytes: Uint8Array.of(index, index >> 8, shift, 7),
  }));
  return { ...rawInput(new Uint8Array(1)), image: MemoryImage.fromSegments(segments), addressSource: 'file' };
}

const PIECES = 3000;

describe('an image in very many pieces takes work in proportion', () => {
  it('to be inspected', () => {
    expectLinear(
      PIECES,
      (count) => () => renderInspection(examine(inPieces(count), board).report, { style: PLAIN, width: 100 }),
    );
  });

  it('to be drawn and listed', () => {
    expectLinear(PIECES, (count) => {
      const inspection = examine(inPieces(count), board);
      return () => {
        drawMap(flash.sectors, inspection.survey.regions, inspection.stretches, 1024);
        for (const sector of flash.sectors) outline(inspection, sector);
        hexRows(inspection, flash);
      };
    });
  });

  it('to be compared', () => {
    expectLinear(PIECES, (count) => () => diff(inPieces(count), inPieces(count, 2), board));
  });

  it('to be checked with another, and written onto a chip', () => {
    expectLinear(PIECES, (count) => () => {
      checkSet([inPieces(count), inPieces(count, 4)], board);
      checkOnto(inPieces(count, 8), [inPieces(count)], board);
    });
  });

  it('outside the flash', () => {
    const spread = (count: number): InspectInput => {
      const segments = Array.from({ length: count }, (_, index) => ({
        address: index * 4096,
        bytes: Uint8Array.of(1),
      }));
      return { ...inPieces(1), image: MemoryImage.fromSegments(segments) };
    };
    expectLinear(PIECES, (count) => () => examine(spread(count), board));
  });

  it('to be claimed', () => {
    const image = MemoryImage.fromBytes(new Uint8Array(FLASH_SIZE), FLASH_START);
    expectLinear(2000, (count) => {
      const claims = Array.from({ length: count }, (_, index): Claim => {
        const start = FLASH_START + ((index * 7919) % count) * 16;
        return { start, end: start + 40, class: 'eeprom', label: `record ${index}` };
      });
      return () => accountFor(image, [flash], claims);
    });
  });
});

describe('a dump full of modules takes work in proportion', () => {
  const SLOT = 128;

  function full(count: number, version: number): InspectInput {
    const bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
    for (let index = 0; index < count; index++) {
      const startAddress = FLASH_START + index * SLOT;
      const module = buildModule({
        functionId: 5,
        index: 1,
        version: version + index,
        platformId: 8,
        startAddress,
        payload: Uint8Array.of(version),
      });
      expect(module.length).toBeLessThanOrEqual(SLOT);
      bytes.set(module, index * SLOT);
    }
    return rawInput(bytes, FLASH_START);
  }

  it('to be compared with another one', () => {
    expectLinear(1000, (count) => {
      const [a, b] = [full(count, 1), full(count, 2)];
      return () => diff(a, b, board);
    });
  });

  it('when its headers name one place', () => {
    expectLinear(4000, (count) => {
      const carrier = buildModule({
        functionId: 5,
        index: 1,
        version: 1,
        platformId: 8,
        startAddress: 0x08020000,
        payload: headers(count),
      });
      return () => examine(rawInput(carrier), board);
    });
  });

  /** Headers of modules that are not there. */
  function headers(count: number): Uint8Array {
    const bytes = new Uint8Array(count * 24);
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset < bytes.length; offset += 24) {
      view.setUint32(offset, 0x08020000, true);
      view.setUint32(offset + 4, 0x080bfffc, true);
      bytes.set([8, 0, 4, 1], offset + 12);
    }
    return bytes;
  }
});
