/** Images in very many pieces, and dumps full of modules: the work grows with their number, not with its square. */
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import { buildImage } from '../../src/operations/build/build.js';
import { EMPTY_RECIPE } from '../../src/operations/build/recipe.js';
import { checkOnto, checkSet } from '../../src/operations/check/check.js';
import { diff } from '../../src/operations/diff/diff.js';
import { extract } from '../../src/operations/extract/extract.js';
import { hexRows } from '../../src/operations/hex.js';
import { examine, type InspectInput } from '../../src/operations/inspect/inspect.js';
import { outline } from '../../src/operations/locate.js';
import { drawMap } from '../../src/operations/map.js';
import { plan } from '../../src/operations/plan/plan.js';
import { simulate } from '../../src/operations/plan/simulate.js';
import { accountFor, type Claim } from '../../src/regions/account.js';
import { buildModule } from '../../src/regions/module/build.js';
import { flashOf } from '../../src/regions/module/find.js';
import { renderInspection } from '../../src/report/inspect.js';
import { PLAIN } from '../../src/report/style.js';
import { expectLinear } from '../support/growth.js';
import { FLASH_SIZE, FLASH_START, healthyDump, rawInput } from '../support/synthetic.js';

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

  const healthy = MemoryImage.fromBytes(healthyDump(), FLASH_START);
  const locked = { optcr: 0x0fff55ec, allowMassErase: true };

  it('to be planned from', () => {
    expectLinear(1500, (count) => {
      const { image } = inPieces(count);
      return () => {
        plan(image, { image: healthy }, board);
        plan(image, { image: healthy }, board, locked);
      };
    });
  });

  it('to be planned to', () => {
    expectLinear(PIECES, (count) => {
      const { image } = inPieces(count, 2);
      return () => {
        plan(healthy, { image }, board, { include: ['dct', 'eeprom'] });
        plan(null, { image }, board);
      };
    });
  });

  it('to be planned from and to', () => {
    expectLinear(1500, (count) => {
      const [from, to] = [inPieces(count).image, inPieces(count, 8).image];
      return () => {
        plan(from, { image: to }, board);
        plan(from, { image: to }, board, locked);
      };
    });
  });

  it('to be refused when what lies between the pieces is not known', () => {
    const blank = (count: number): MemoryImage =>
      MemoryImage.fromSegments(
        inPieces(count).image.segments.map((piece) => ({ ...piece, bytes: new Uint8Array(4).fill(0xff) })),
      );
    expectLinear(PIECES, (count) => {
      const [from, to] = [blank(count), inPieces(count).image];
      return () => expect(() => plan(from, { image: to }, board)).toThrow(/too many separate pieces/);
    });
  });

  it('to be built from as many parts', () => {
    expectLinear(PIECES, (count) => {
      const parts = Array.from({ length: count }, (_, index) => {
        return { kind: 'raw', file: 'a.bin', address: FLASH_START + index * 16, where: `parts[${index}]` } as const;
      });
      return () =>
        buildImage({ ...EMPTY_RECIPE, name: 'many.yaml', parts, shape: 'sparse' }, () => Uint8Array.of(1, 2, 3, 4), {
          board,
        });
    });
  });

  it('to be extracted', () => {
    expectLinear(PIECES, (count) => () => extract(inPieces(count), board, { source: 'a.hex', showSecrets: true }));
  });

  it('to be simulated in as many steps', () => {
    expectLinear(1000, (count) => {
      const { segments } = inPieces(count).image;
      const common = { by: 'tool', title: 'program', sectors: [], optcr: null, offset: null, verifies: [] } as const;
      const written = segments.map(({ address, bytes }, index) => ({
        ...common,
        number: index + 1,
        op: 'program' as const,
        range: { start: address, end: address + bytes.length },
        data: bytes,
      }));
      const verifies = written.map(({ number }) => number);
      const verify = { ...common, number: count + 1, op: 'verify' as const, range: null, data: null, verifies };
      const blank = MemoryImage.fromBytes(new Uint8Array(FLASH_SIZE).fill(0xff), FLASH_START);
      return () => {
        const { outcome } = simulate({ steps: [...written, verify] }, blank, { flash });
        expect(outcome).toBe('done');
      };
    });
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

  it('to be planned from and to', () => {
    expectLinear(500, (count) => {
      const [a, b] = [full(count, 1).image, full(count, 2).image];
      return () => plan(a, { image: b }, board, { include: ['dct', 'eeprom'] });
    });
  });

  it('to be extracted', () => {
    expectLinear(500, (count) => () => extract(full(count, 1), board, { source: 'a.bin' }));
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
