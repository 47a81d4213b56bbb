/** What the page of the browser test runs: reads a dump over HTTP, inspects it, and writes the JSON into the page. */
import { inspect, loadBoard, MemoryImage, renderJson } from '../../dist/index.js';

async function main() {
  const bytes = new Uint8Array(await (await fetch('dump.bin')).arrayBuffer());
  const image = MemoryImage.fromBytes(bytes, 0, { name: 'dump.bin', offset: 0 });
  const input = { path: 'dump.bin', bytes, format: 'bin', image, container: null, findings: [] };
  return renderJson(inspect({ ...input, addressSource: 'assumed' }, loadBoard('particle-p1')));
}

function show(state, text) {
  const result = document.createElement('pre');
  result.id = state;
  // Letters, digits and % only: nothing that the serialised page would write in another way.
  result.textContent = encodeURIComponent(text);
  document.body.append(result);
}

main().then(
  (json) => show('result', json),
  (error) => show('failure', error instanceof Error ? `${error.stack}` : String(error)),
);
