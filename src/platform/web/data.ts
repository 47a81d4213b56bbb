/**
 * The JSON files of `layouts/`, inlined by the bundler. Must offer what ../node/data.ts offers; a test compares them and
 * fails when a file of `layouts/` is missing here.
 */
import errorCodes from '../../../layouts/error-codes.json' with { type: 'json' };
import explainTopics from '../../../layouts/explain-topics.json' with { type: 'json' };
import fileMagics from '../../../layouts/file-magics.json' with { type: 'json' };
import flashingTools from '../../../layouts/flashing-tools.json' with { type: 'json' };
import openocdSyntax from '../../../layouts/openocd-syntax.json' with { type: 'json' };
import particleBoot from '../../../layouts/particle-boot.json' with { type: 'json' };
import particleCauses from '../../../layouts/particle-causes.json' with { type: 'json' };
import particleDct from '../../../layouts/particle-dct.json' with { type: 'json' };
import particleElectronBoard from '../../../layouts/particle-electron.board.json' with { type: 'json' };
import particleKeys from '../../../layouts/particle-keys.json' with { type: 'json' };
import particleLed from '../../../layouts/particle-led.json' with { type: 'json' };
import particleModules from '../../../layouts/particle-modules.json' with { type: 'json' };
import particleOptionBytes from '../../../layouts/particle-option-bytes.json' with { type: 'json' };
import particleP1Board from '../../../layouts/particle-p1.board.json' with { type: 'json' };
import particlePhotonBoard from '../../../layouts/particle-photon.board.json' with { type: 'json' };
import particlePlatforms from '../../../layouts/particle-platforms.json' with { type: 'json' };
import particleReleases from '../../../layouts/particle-releases.json' with { type: 'json' };
import stm32f2OptionBytes from '../../../layouts/stm32f2-option-bytes.json' with { type: 'json' };
import stm32f205GenericBoard from '../../../layouts/stm32f205-generic.board.json' with { type: 'json' };
import stm32f205rbChip from '../../../layouts/stm32f205rb.chip.json' with { type: 'json' };
import stm32f205rcChip from '../../../layouts/stm32f205rc.chip.json' with { type: 'json' };
import stm32f205reChip from '../../../layouts/stm32f205re.chip.json' with { type: 'json' };
import stm32f205rfChip from '../../../layouts/stm32f205rf.chip.json' with { type: 'json' };
import stm32f205rgChip from '../../../layouts/stm32f205rg.chip.json' with { type: 'json' };
import stm32f207vcChip from '../../../layouts/stm32f207vc.chip.json' with { type: 'json' };
import stm32f207veChip from '../../../layouts/stm32f207ve.chip.json' with { type: 'json' };
import stm32f207vfChip from '../../../layouts/stm32f207vf.chip.json' with { type: 'json' };
import stm32f207vgChip from '../../../layouts/stm32f207vg.chip.json' with { type: 'json' };
import stm32f215reChip from '../../../layouts/stm32f215re.chip.json' with { type: 'json' };
import stm32f215rgChip from '../../../layouts/stm32f215rg.chip.json' with { type: 'json' };
import stm32f217veChip from '../../../layouts/stm32f217ve.chip.json' with { type: 'json' };
import stm32f217vgChip from '../../../layouts/stm32f217vg.chip.json' with { type: 'json' };
import toolMessages from '../../../layouts/tool-messages.json' with { type: 'json' };

const FILES: Readonly<Record<string, unknown>> = {
  'error-codes.json': errorCodes,
  'explain-topics.json': explainTopics,
  'file-magics.json': fileMagics,
  'flashing-tools.json': flashingTools,
  'openocd-syntax.json': openocdSyntax,
  'particle-boot.json': particleBoot,
  'particle-causes.json': particleCauses,
  'particle-dct.json': particleDct,
  'particle-electron.board.json': particleElectronBoard,
  'particle-keys.json': particleKeys,
  'particle-led.json': particleLed,
  'particle-modules.json': particleModules,
  'particle-option-bytes.json': particleOptionBytes,
  'particle-p1.board.json': particleP1Board,
  'particle-photon.board.json': particlePhotonBoard,
  'particle-platforms.json': particlePlatforms,
  'particle-releases.json': particleReleases,
  'stm32f2-option-bytes.json': stm32f2OptionBytes,
  'stm32f205-generic.board.json': stm32f205GenericBoard,
  'stm32f205rb.chip.json': stm32f205rbChip,
  'stm32f205rc.chip.json': stm32f205rcChip,
  'stm32f205re.chip.json': stm32f205reChip,
  'stm32f205rf.chip.json': stm32f205rfChip,
  'stm32f205rg.chip.json': stm32f205rgChip,
  'stm32f207vc.chip.json': stm32f207vcChip,
  'stm32f207ve.chip.json': stm32f207veChip,
  'stm32f207vf.chip.json': stm32f207vfChip,
  'stm32f207vg.chip.json': stm32f207vgChip,
  'stm32f215re.chip.json': stm32f215reChip,
  'stm32f215rg.chip.json': stm32f215rgChip,
  'stm32f217ve.chip.json': stm32f217veChip,
  'stm32f217vg.chip.json': stm32f217vgChip,
  'tool-messages.json': toolMessages,
};

/** The content of `layouts/<name>`, or undefined when there is no such file. Shared: do not change it. */
export function readData(name: string): unknown {
  return Object.hasOwn(FILES, name) ? FILES[name] : undefined;
}

/**
 * The rows of a catalogue whose JSON contains `part` (compact, as JSON.stringify writes it), or undefined when there is
 * no such file.
 */
export function findRows(name: string, part: string): readonly unknown[] | undefined {
  const file = readData(name);
  if (file === undefined) return undefined;
  const lists = Object.values(file as Record<string, unknown>).filter(Array.isArray);
  return lists.flat().filter((row) => typeof row === 'object' && JSON.stringify(row).includes(part));
}

/** File names in `layouts/`, sorted; the JSON Schemas, which only editors read, are not among them. */
export function dataNames(): string[] {
  return Object.keys(FILES).sort();
}
