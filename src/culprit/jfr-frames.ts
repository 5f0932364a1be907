import type { JfrChunk } from '../jfr/jfr-chunk.ts';
import type { JfrStruct, JfrValue } from '../jfr/jfr-values.ts';
import type { Frame } from './frames.ts';

/* Values of a recording as the JDK's own types: structures, texts, symbols and stack traces. Pure. */

export function structOf(chunk: JfrChunk, value: JfrValue | undefined): JfrStruct | null {
  const resolved = chunk.resolve(value);
  return resolved instanceof Map ? resolved : null;
}

/** The key of a value of a pool: equal for the same object, stack or text of a chunk. null: the value is of no pool. */
export const keyOf = (value: JfrValue | undefined): number | null =>
  typeof value === 'object' && value !== null && 'key' in value ? value.key : null;

export function textOf(chunk: JfrChunk, value: JfrValue | undefined): string | null {
  const resolved = chunk.resolve(value);
  return typeof resolved === 'string' ? resolved : null;
}

/** A name of the JVM: jdk.types.Symbol, which has one text. */
export function symbolOf(chunk: JfrChunk, value: JfrValue | undefined): string | null {
  const resolved = chunk.resolve(value);
  return typeof resolved === 'string' ? resolved : textOf(chunk, resolved instanceof Map ? resolved.get('string') : undefined);
}

/** The Java frames of a stack trace, from the top. */
export function framesOf(chunk: JfrChunk, trace: JfrValue | undefined): Frame[] {
  const frames = structOf(chunk, trace)?.get('frames');
  if (!Array.isArray(frames)) return [];
  return frames.flatMap((frame: JfrValue) => {
    const fields = structOf(chunk, frame);
    const method = structOf(chunk, fields?.get('method'));
    const type = symbolOf(chunk, structOf(chunk, method?.get('type'))?.get('name'));
    const name = symbolOf(chunk, method?.get('name'));
    if (type === null || name === null) return [];
    // A class that was compiled without lines has -1.
    const line = Number(fields?.get('lineNumber') ?? 0);
    return [{ method: `${type.replaceAll('/', '.')}.${name}`, line: line > 0 ? line : null }];
  });
}
