/** flashatlas map */
import { examine } from '../../operations/inspect/inspect.js';
import { drawMap } from '../../operations/map.js';
import { flashOf } from '../../regions/module/find.js';
import { renderJson } from '../../report/json.js';
import { renderMap, renderMapSvg } from '../../report/map.js';
import { TOOL } from '../../tool.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { writeOutput } from '../io.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

/** 4 KiB to a character: a 16 KiB sector is four characters wide, a 128 KiB one thirty-two. */
const TEXT_CELL_BYTES = 4096;
const SVG_CELL_BYTES = 1024;

export const command: Command = {
  operands: 'FILE',
  about: 'Draws the chip to scale: sectors, regions and what their bytes are.',
  options: {
    ...INPUT_OPTIONS,
    '--svg': { type: 'text', value: 'FILE', about: 'write the drawing as SVG' },
    '--force': { type: 'flag', about: 'replace an existing output file' },
  },
  examples: ['flashatlas map dump.bin', 'flashatlas map dump.bin --svg dump.svg'],
  async run(args, context) {
    const board = await boardFrom(args);
    const path = requireOneFile(args);
    const input = await openInput(path, args);
    const { survey, stretches, report } = examine(input, board);
    const draw = (cellBytes: number) => drawMap(flashOf(board).sectors, survey.regions, stretches, cellBytes);
    const svg = args.text('--svg');
    if (svg !== undefined) {
      writeOutput(svg, renderMapSvg(draw(SVG_CELL_BYTES), `${board.name}: ${path}`), {
        force: args.flag('--force'),
        inputs: [path],
      });
    }
    if (context.json) {
      const { input: head, findings, verdict } = report;
      const document = { schema: 'flashatlas/map', schemaVersion: 1, tool: TOOL, input: head, findings, verdict };
      context.write(`${renderJson({ ...document, cellBytes: TEXT_CELL_BYTES, sectors: draw(TEXT_CELL_BYTES) })}\n`);
    } else if (svg === undefined) {
      context.write(`${context.style.bold(path)}: ${report.summary}\n\n`);
      context.write(renderMap(draw(TEXT_CELL_BYTES), TEXT_CELL_BYTES, context.style));
    } else context.warn(`wrote ${svg}\n`);
    return EXIT_DONE;
  },
};
