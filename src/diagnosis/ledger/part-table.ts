import { fieldRow, type KernelPartField, smallestPartsOf } from '../../fields.ts';

/**
 * All parts that the ledger can have, by id. The parts of kernel memory are generated from the table of fields. The page reads this table too,
 * so it is pure.
 * `name` is the English text of the ledger; null: the part is named after its content, such as a file.
 * `reclaimable` null: partly. Files are reclaimable except on tmpfs, where the caller says so.
 * `hue` is a colour of the page's style sheet; null: that of the whole that the part belongs to.
 */
interface PartDescription {
  readonly name: string | null;
  readonly reclaimable: boolean | null;
  readonly hue: 'quiet' | 'cache' | 'shmem' | 'kernel' | 'heap' | 'meta' | 'native' | null;
}

const NAMED_HERE = {
  anon: { name: 'anon', reclaimable: false, hue: 'quiet' },
  'page-cache': { name: 'page cache', reclaimable: true, hue: 'cache' },
  shmem: { name: 'tmpfs and shared memory', reclaimable: false, hue: 'shmem' },
  kernel: { name: 'kernel', reclaimable: null, hue: 'kernel' },
  sock: { name: 'socket buffers', reclaimable: false, hue: 'kernel' },
  hugetlb: { name: 'huge pages (hugetlb)', reclaimable: false, hue: 'native' },

  'java-heap': { name: 'Java heap', reclaimable: false, hue: 'heap' },
  metaspace: { name: 'metaspace', reclaimable: false, hue: 'meta' },
  'class-space': { name: 'compressed class space', reclaimable: false, hue: 'meta' },
  'class-archive': { name: 'class data archive', reclaimable: false, hue: 'meta' },
  'code-cache': { name: 'code cache', reclaimable: false, hue: 'native' },
  'thread-stacks': { name: 'thread stacks', reclaimable: false, hue: 'native' },
  'malloc-heap': { name: 'malloc main heap', reclaimable: false, hue: 'native' },
  'malloc-arenas': { name: 'malloc arenas', reclaimable: false, hue: 'native' },
  libraries: { name: 'libraries', reclaimable: false, hue: 'native' },
  'vm-structures': { name: 'GC and VM structures', reclaimable: false, hue: 'native' },
  'direct-buffers': { name: 'direct buffers, large malloc or mmap', reclaimable: false, hue: 'native' },
  'unnamed-mappings': { name: 'mappings without a name (heap, large malloc)', reclaimable: false, hue: 'native' },
  native: { name: 'native: code cache, stacks, GC, malloc, direct buffers', reclaimable: false, hue: 'native' },
  'since-mappings': { name: 'since the mappings were read', reclaimable: false, hue: null },
  'other-process': { name: null, reclaimable: false, hue: null },

  file: { name: null, reclaimable: true, hue: null },
  folder: { name: null, reclaimable: true, hue: null },
  'small-files': { name: 'smaller files', reclaimable: true, hue: null },
  'rotated-files': { name: 'rotated files', reclaimable: true, hue: null },
  'deleted-files': { name: 'deleted files that are still open', reclaimable: true, hue: null },
  'mapped-libraries': { name: 'mapped libraries and jars', reclaimable: true, hue: null },
  'more-files': { name: null, reclaimable: true, hue: null },
  'unqueried-files': { name: 'files that this user may not query', reclaimable: true, hue: null },
  'unseen-files': { name: 'files not looked at, or closed and gone', reclaimable: true, hue: null },
  'other-shmem': { name: 'other tmpfs files and shared memory', reclaimable: false, hue: null },

  'slab-reclaimable': { name: 'reclaimable slab (dentries, inodes, buffer heads)', reclaimable: true, hue: null },
  'other-kernel': { name: 'other kernel memory', reclaimable: null, hue: null },
} as const satisfies Readonly<Record<string, PartDescription>>;

type WithHyphens<Text extends string> = Text extends `${infer A}_${infer B}` ? `${A}-${WithHyphens<B>}` : Text;

/** The id of a part of kernel memory: that of its field, in the style of the other ids. */
type KernelPartId = WithHyphens<KernelPartField>;
const kernelPartId = (field: KernelPartField) => field.replaceAll('_', '-') as KernelPartId;

/** The fields of memory.stat that divide kernel memory, with the part of the ledger for each. */
export const KERNEL_LEDGER_PARTS: readonly { readonly field: KernelPartField; readonly id: KernelPartId }[] = smallestPartsOf(
  'kernel',
).map((field) => ({ field: field as KernelPartField, id: kernelPartId(field as KernelPartField) }));

const kernelPart = (field: KernelPartField): PartDescription & { readonly name: string } => {
  const { title, reclaimable } = fieldRow(field);
  return { name: title.charAt(0).toLowerCase() + title.slice(1), reclaimable, hue: null };
};

const OF_FIELDS = Object.fromEntries(KERNEL_LEDGER_PARTS.map(({ field, id }) => [id, kernelPart(field)])) as Record<
  KernelPartId,
  ReturnType<typeof kernelPart>
>;

export const LEDGER_PARTS = { ...OF_FIELDS, ...NAMED_HERE };

export type LedgerPartId = keyof typeof LEDGER_PARTS;

/** The parts that have a fixed name in the table. */
export type NamedPartId = {
  [Id in LedgerPartId]: (typeof LEDGER_PARTS)[Id]['name'] extends string ? Id : never;
}[LedgerPartId];

/** The parts into which usage is divided first. */
export type TopPartId = 'anon' | 'page-cache' | 'shmem' | 'kernel' | 'sock' | 'hugetlb';

/** Whether the kernel can free a part under pressure, as text for the page and the command line. */
export const reclaimabilityText = (reclaimable: boolean | null): string =>
  reclaimable === null ? 'partly reclaimable' : reclaimable ? 'reclaimable' : 'not reclaimable';

/** Whether what is unexplained is within the bound below which nothing is known about it. */
export const boundWord = ({
  unexplainedBytes,
  boundBytes,
}: Readonly<Record<'unexplainedBytes' | 'boundBytes', number>>): string =>
  Math.abs(unexplainedBytes) <= boundBytes ? 'within' : 'beyond';
