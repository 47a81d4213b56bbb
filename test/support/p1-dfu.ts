import type { DfuProfile } from '../../src/layout/types.js';

/** The DFU side of the Particle P1 boot loader (device-os v0.4.4 to v3.3.1). */
export const P1_DFU: DfuProfile = {
  vendor: 0x2b04,
  product: 0xd008,
  transferSize: 4096,
  alternates: [
    {
      number: 0,
      layout: '@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg',
      space: 'flash',
      source: 'device-os',
    },
    { number: 1, layout: '@DCT Flash   /0x00000000/01*016Kg', space: 'dct-application', source: 'device-os' },
    { number: 2, layout: '@Serial Flash   /0x00000000/256*004Kg', space: 'external-flash', source: 'device-os' },
  ],
  refusals: [
    {
      alternate: 0,
      start: 0x08000000,
      end: 0x08020000,
      reason: 'the boot loader protects itself, the DCT and the EEPROM pages',
      instead: 'Write this range with ST-Link.',
      source: 'device-os usbd_dfu_mal.c, DFU_MAL_IS_PROTECTED_AREA',
    },
  ],
};
