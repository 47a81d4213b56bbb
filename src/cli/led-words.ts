/** How LED patterns look, for texts that name them; the table is read when a text needs it. */
import type { LedWords } from '../report/boot.js';

/** "cyan, breathing" for cloud-connected, "dark" for dark; an unknown id stays as it is. */
export async function ledWords(): Promise<LedWords> {
  const { ledPattern } = await import('../layout/led.js');
  const { lookOf } = await import('../report/led.js');
  return (id) => {
    const pattern = ledPattern(id);
    return pattern ? lookOf(pattern) : id;
  };
}
