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
});
