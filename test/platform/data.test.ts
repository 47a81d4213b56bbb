import { describe, expect, it } from 'vitest';
import * as node from '../../src/platform/node/data.js';
import * as web from '../../src/platform/web/data.js';

describe('#data', () => {
  it('offers the same functions in node and in a browser', () => {
    expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort());
  });

  it('holds the same files: add a new layout to src/platform/web/data.ts', () => {
    expect(web.dataNames()).toEqual(node.dataNames());
    expect(web.dataNames()).toContain('particle-releases.json');
  });

  it('holds the same content', () => {
    for (const name of node.dataNames()) expect(web.readData(name), name).toEqual(node.readData(name));
  });

  it('has nothing for other names', () => {
    for (const name of ['nothing.json', 'constructor', '__proto__', '']) {
      expect(web.readData(name), name).toBeUndefined();
      expect(node.readData(name), name).toBeUndefined();
    }
  });

  it('finds the same rows, each of which stands on a line of its own', () => {
    const name = 'particle-modules.json';
    const { modules } = node.readData(name) as { readonly modules: readonly { readonly sha256: string }[] };
    expect(modules.length).toBeGreaterThan(300);
    for (const row of modules) {
      expect(node.findRows(name, `"${row.sha256}","size"`)).toEqual([row]);
      expect(web.findRows(name, `"${row.sha256}","size"`)).toEqual([row]);
    }
    const part = '"platformId":8,"function":"bootloader","index":0,"version":501,';
    expect(node.findRows(name, part)).toHaveLength(2);
    expect(node.findRows(name, part)).toEqual(web.findRows(name, part));
    expect(node.findRows(name, '"no such row"')).toEqual([]);
    expect(web.findRows('nothing.json', 'a')).toBeUndefined();
    expect(node.findRows('nothing.json', 'a')).toBeUndefined();
  });
});
