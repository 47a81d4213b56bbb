/** Resources inside modules that have a version of their own: the Wi-Fi firmware in system part 1. */
import type { LocatedModule } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import { readWifiFirmware } from '../../regions/unknown/index.js';
import type { ResourceReport } from './report.js';

/** Only system part 1 of P1 and Photon links the image in; unpacking anything else would cost time for nothing. */
const WIFI_PLATFORMS: readonly number[] = [6, 8];

export function resourcesOf(modules: readonly LocatedModule[]): ResourceReport[] {
  return modules.flatMap(({ module }) => {
    const candidate = module.function === 'system-part' && module.info.moduleIndex === 1 && module.crc === 'ok';
    if (!candidate || !WIFI_PLATFORMS.includes(module.info.platformId)) return [];
    const wifi = readWifiFirmware(module.bytes);
    if (!wifi) return [];
    return {
      inside: moduleTitle(module),
      name: 'Wi-Fi firmware (BCM43362)',
      version: wifi.version,
      built: wifi.built,
      compressed: wifi.compressed,
      address: wifi.stored ? module.address + wifi.stored.start : null,
      storedSize: wifi.stored ? wifi.stored.end - wifi.stored.start : null,
      size: wifi.size,
    };
  });
}
