/** `inspect --at` and `inspect --sector`. */
import { UsageError } from '../core/errors.js';
import { verdictOf } from '../core/finding.js';
import { overlaps, type Range } from '../core/range.js';
import { readingFindings } from '../operations/hex.js';
import type { Inspection } from '../operations/inspect/inspect.js';
import type { InspectReport } from '../operations/inspect/report.js';
import { locate, outline } from '../operations/locate.js';
import { countClasses } from '../regions/account.js';
import { renderLocation, renderOutline, renderReading } from '../report/hex.js';
import { renderInspection } from '../report/inspect.js';
import { renderJson } from '../report/json.js';
import { TOOL } from '../tool.js';
import type { Context } from './command.js';
import { sectorRange } from './commands/hex.js';

/** @throws UsageError USAGE_ADDRESS_RANGE */
export function showLocation(inspection: Inspection, address: number, context: Context): void {
  if (address >= 2 ** 32) {
    throw new UsageError({
      code: 'USAGE_ADDRESS_RANGE',
      what: 'the address is outside the 32-bit address space',
      expected: '0x00000000 to 0xFFFFFFFF',
      got: `${address}`,
      help: 'Give a target address, for example 0x08004022.',
    });
  }
  const location = locate(inspection, address);
  const findings = readingFindings(inspection);
  if (!context.json) {
    context.write(renderLocation(location, context.style) + renderReading(findings, context));
    return;
  }
  const head = { schema: 'flashatlas/locate', schemaVersion: 1, tool: TOOL, input: inspection.report.input };
  context.write(`${renderJson({ ...head, ...location, findings, verdict: verdictOf(findings) })}\n`);
}

export function showSector(inspection: Inspection, number: number, context: Context): void {
  const range = sectorRange(number, inspection);
  const report = focus(inspection, range);
  const contents = outline(inspection, range);
  if (context.json) {
    const rows = contents.map(({ depth, part: { name, start, end, value = null, about = null } }) => ({
      depth,
      name,
      start,
      end,
      value,
      about,
    }));
    context.write(`${renderJson({ ...report, sector: number, contents: rows })}\n`);
    return;
  }
  context.write(renderInspection(report, context));
  context.write(renderOutline(contents, context.style));
}

/** The report without what lies elsewhere. Findings, modules and regions stay when they touch the range. */
function focus({ report, stretches }: Inspection, range: Range): InspectReport {
  const touches = (item: Range): boolean => overlaps(item, range);
  const moduleRange = ({ address, length, missing }: { address: number; length: number; missing: number }): Range => ({
    start: address,
    end: address + length - missing,
  });
  return {
    ...report,
    sectors: report.sectors.filter(({ start, size }) => touches({ start, end: start + size })),
    regions: report.regions.filter(touches),
    modules: report.modules.filter((module) => touches(moduleRange(module))),
    embedded: report.embedded.filter(({ address, length }) => touches({ start: address, end: address + length })),
    resources: [],
    leftovers: report.leftovers.filter(touches),
    findings: report.findings.filter(touches),
    coverage: { total: range.end - range.start, ...countClasses(stretches, range) },
  };
}
