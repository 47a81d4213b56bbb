import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { plan } from '../../src/operations/plan/plan.js';
import { duration, renderPlan } from '../../src/report/plan.js';
import { PLAIN } from '../../src/report/style.js';
import { board, healthy } from '../operations/plan/arbitrary.js';
import { userPart } from '../support/synthetic.js';

describe('duration', () => {
  it.each([
    [0, ''],
    [1, '0.1 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [10_000, '10 s'],
    [79_400, '79 s'],
    [119_499, '119 s'],
    [119_500, '2 min'],
    [179_000, '2 min 59 s'],
    [3_600_000, '60 min'],
  ])('%i ms', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});

describe('renderPlan', () => {
  const app = MemoryImage.fromBytes(userPart({ version: 7 }), 0x080a0000);
  const options = {
    style: PLAIN,
    width: 100,
    board: board.name,
    from: 'dump.bin',
    to: ['app.bin'],
    tool: 'OpenOCD 0.12',
    led: (id: string) => id,
    explain: false,
    folder: null,
  };

  it('has a section for everything, and none that is empty', () => {
    const text = renderPlan(plan(healthy, { image: app }, board, { optcr: 0x0fffaaed }), options);
    const titles = text.split('\n\n').map((section) => section.split('\n')[0]);
    expect(titles.slice(0, 8)).toEqual([
      'Particle P1',
      'Steps',
      'Changed',
      'Kept',
      'Lost',
      'Afterwards',
      'Notes',
      'To run it',
    ]);
    expect(text).not.toMatch(/undefined|null|NaN|\[object/);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('says first what a person has to mind', () => {
    const text = renderPlan(plan(null, { image: app }, board), { ...options, from: null });
    expect(text).toContain('  from  a chip that nobody has read\n');
    expect(text).toContain('\nMind\n- Nobody has read the chip: this is the worst case.');
    expect(text).toContain('(only what the target gives is known)');
    expect(text).toContain('whatever is in the region user');
  });

  it('names the folder it wrote, safe for a shell', () => {
    const made = plan(healthy, { image: app }, board, { optcr: 0x0fffaaed });
    const text = renderPlan(made, { ...options, folder: "it's here" });
    expect(text).toContain("\nTo run it\n  cd 'it'\\''s here'\n  openocd -f ");
    expect(text).not.toContain('\nplan.tcl\n');
  });
});
