/**
 * Something that is installed does not start at all on this machine: no test can find anything with it. scripts/test.mjs knows it by its
 * name and lists it apart from what a test found.
 */
export class MachineFault extends Error {
  override readonly name = 'MachineFault';
}
