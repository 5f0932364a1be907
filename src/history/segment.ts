/** One segment on disk: columnar, compact JSON that a person can read with jq. `null` is a gap. Pure. */
export interface Segment {
  readonly schema: 'memhound.history/1';
  readonly epoch: string | null;
  readonly epochStart: number | null;
  readonly limit: number | 'max' | null;
  readonly heapMax: number | 'max' | null;
  readonly t: number[];
  readonly fields: Record<string, (number | null)[]>;
  readonly events: { readonly t: number; readonly type: string }[];
}

export const emptySegment = (): Segment => ({
  schema: 'memhound.history/1',
  epoch: null,
  epochStart: null,
  limit: null,
  heapMax: null,
  t: [],
  fields: {},
  events: [],
});

const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);

/** @throws Error saying what is wrong; the file is then set aside. */
export function parseSegment(text: string): Segment {
  const json = JSON.parse(text) as Partial<Segment> | null;
  if (typeof json !== 'object' || json === null) throw new Error('expected an object');
  if (json.schema !== 'memhound.history/1')
    throw new Error(`expected schema memhound.history/1, found ${JSON.stringify(json.schema)?.slice(0, 60)}`);
  const { t, fields, events } = json;
  if (!Array.isArray(t) || !t.every(isNumber)) throw new Error('t must be numbers');
  if (typeof fields !== 'object' || fields === null) throw new Error('fields must be an object');
  for (const [id, column] of Object.entries(fields)) {
    if (!Array.isArray(column) || column.length !== t.length || !column.every((v) => v === null || isNumber(v)))
      throw new Error(`fields.${id} must be ${t.length} numbers or nulls`);
  }
  if (!Array.isArray(events) || !events.every((e) => isNumber(e?.t) && typeof e?.type === 'string'))
    throw new Error('events must be a list of {t, type}');
  return json as Segment;
}
