/** binary-parser 2.3.0 publishes types that its `exports` map hides from ESM TypeScript; this points at them. */
declare module 'binary-parser' {
  export { Parser } from 'binary-parser/dist/binary_parser.js';
}
