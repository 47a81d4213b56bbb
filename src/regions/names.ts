/** Names that a board file may give as the decoder of a region. */
export const DECODER_NAMES: readonly string[] = ['particle-module', 'particle-dct', 'particle-eeprom', 'vector-table'];
