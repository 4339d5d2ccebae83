import fc from 'fast-check'

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 0x10ffff }),
)

/**
 * Texts of any code points, lone surrogates among them. The library's own (`unit: 'binary'`) takes two seconds to be
 * made, which is longer than most tests.
 */
export const anyText = fc.array(codePoint).map((points) => String.fromCodePoint(...points))
