import type { Counted } from './types.ts';

/** One of what is counted in a group, and more than one. A file of its own, since the page says the same. */
export const COUNTED_NAMES: Readonly<Record<Counted, readonly [one: string, more: string]>> = {
  loaders: ['loader', 'loaders'],
  classes: ['class', 'classes'],
  instances: ['object', 'objects'],
  blocks: ['block of malloc', 'blocks of malloc'],
  buffers: ['buffer', 'buffers'],
  names: ['name', 'names'],
  closed: ['that the other side has closed', 'that the other side has closed'],
};
