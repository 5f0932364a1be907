import { FIELDS, type FieldId } from '../../fields.ts';
import { type Problems, parseFlat, parseLimit } from './flat-keyed.ts';

/** The file and key in which a memory cgroup reports a field, from the table of fields. `key` is null in a file with one value. */
interface FieldPlace {
  readonly id: FieldId;
  readonly file: string;
  readonly key: string | null;
}

function placesOf(version: 'v1' | 'v2'): readonly FieldPlace[] {
  return FIELDS.flatMap((row) => {
    if (row[version] === null) return [];
    const [file = '', key = null] = row[version].split('#');
    return [{ id: row.id, file, key }];
  });
}

const PLACES = { v1: placesOf('v1'), v2: placesOf('v2') } as const;

/** The files that contain fields, without duplicates. */
export const filesOfFields = (version: 'v1' | 'v2'): readonly string[] => [...new Set(PLACES[version].map(({ file }) => file))];

/** Keys of memory.stat with their field ids. */
export const fieldsOfStat = (version: 'v1' | 'v2'): ReadonlyMap<string, FieldId> =>
  new Map(PLACES[version].flatMap(({ id, file, key }) => (file === 'memory.stat' && key !== null ? [[key, id]] : [])));

/** The fields of all files except memory.stat. Values that the kernel does not report are missing. */
export function readFields(
  version: 'v1' | 'v2',
  texts: Readonly<Record<string, string>>,
  problems: Problems,
): Partial<Record<FieldId, number>> {
  const values: Partial<Record<FieldId, number>> = {};
  const parsed = new Map<string, ReadonlyMap<string, number>>();
  for (const { id, file, key } of PLACES[version]) {
    const text = texts[file];
    if (text === undefined || file === 'memory.stat') continue;
    if (key !== null && !parsed.has(file))
      parsed.set(
        file,
        problems.attempt(file, () => (file === 'memory.pressure' ? stallSeconds(text) : parseFlat(file, text))) ?? NONE,
      );
    const value = key === null ? problems.attempt(file, () => parseLimit(file, text)) : parsed.get(file)?.get(key);
    if (typeof value === 'number') values[id] = value;
  }
  return values;
}

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * PSI: lines "full avg10=0.00 avg60=0.00 avg300=0.00 total=0", total in microseconds. Some kernels write no lines, or only `some`.
 * Linux Documentation/accounting/psi.rst
 */
const stallSeconds = (text: string): ReadonlyMap<string, number> =>
  new Map([...text.matchAll(/^(some|full) .*total=(\d+)$/gm)].map(([, kind = '', total]) => [kind, Number(total) / 1e6]));
