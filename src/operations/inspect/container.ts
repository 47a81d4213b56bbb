/** A container in the shape of the JSON contract: what it says, without the bytes needed to write it again. */
import type { Container, DfuSuffix } from '../../formats/index.js';

export type ContainerSummary = Readonly<Record<string, unknown>>;

export function summariseContainer(container: Container | null): ContainerSummary | null {
  if (!container) return null;
  const { kind } = container;
  switch (container.kind) {
    case 'dfu-suffix':
      return { kind, ...suffixFields(container) };
    case 'lmdfu': {
      const { vendor, product, device, crc, address, payloadLength } = container;
      return { kind, vendor, product, device, crc, address, payloadLength };
    }
    case 'lpcdfu': {
      const { vendor, product, device, crc, blocks, payloadLength } = container;
      return { kind, vendor, product, device, crc, blocks, payloadLength };
    }
    case 'dfuse': {
      const targets = container.targets.map(({ alternate, name, inImage, elements }) => ({
        alternate,
        name,
        inImage,
        elements: elements.map(({ address, size, offset }) => ({ address, size, offset })),
      }));
      return { kind, ...suffixFields(container), imageSize: container.imageSize, targets };
    }
    case 'elf':
      return { kind, entry: container.entry, segments: container.segments };
    case 'intel-hex':
      return { kind, entry: container.start?.address ?? null };
    case 'srec':
      return { kind, entry: container.start, count: container.count };
    case 'gzip': {
      const { fileName, crc, innerFormat, inner } = container;
      return { kind, crc, fileName, innerFormat, inner: summariseContainer(inner) };
    }
    default:
      return { kind, style: container.style, bytesPerLine: container.bytesPerLine };
  }
}

function suffixFields({ vendor, product, device, dfuVersion, length, crc }: DfuSuffix) {
  return { vendor, product, device, dfuVersion, suffixLength: length, crc };
}
