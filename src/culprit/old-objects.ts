import type { JfrChunk, JfrEvent } from '../jfr/jfr-chunk.ts';
import type { JfrStruct } from '../jfr/jfr-values.ts';
import { plainClassName } from '../sources/jvm/class-name.ts';
import type { Link, Step } from './common-holder.ts';
import { type Frame, firstOwnFrame, frameText, isOfJdk } from './frames.ts';
import { framesOf, keyOf, structOf, symbolOf, textOf } from './jfr-frames.ts';

/*
 * Samples of old objects (JFR's event jdk.OldObjectSample): objects of the live set, each with the stack that allocated it and with the path
 * of references that keeps it alive. Pure.
 */

export const OLD_OBJECT_SAMPLE = 'jdk.OldObjectSample';

export interface OldObject {
  readonly className: string;
  /** From the object that refers to it to what keeps it alive. */
  readonly path: readonly Step[];
  readonly allocatedAt: Frame | null;
  /** The stack that allocated it, from the top: "com.acme.OrderService.load:88". */
  readonly stack: readonly string[];
}

const MAX_PATH = 200;
const STATIC = 0x8;

/** The JVM describes threads, and roots on their stacks, so. */
const threadIn = (description: string | null): string | null => /^Thread Name: (.*)$/.exec(description ?? '')?.[1] ?? null;

/** The first own frame. A constructor is called where the object was wanted, and that says more. */
const allocatorOf = (frames: readonly Frame[]): Frame | null =>
  frames.find(({ method }) => !isOfJdk(method) && !/\.<(?:cl)?init>$/.test(method)) ?? firstOwnFrame(frames);

/** Reads the sampled objects of a recording. Their paths have the same few texts thousands of times, so each is kept once. */
export class OldObjectReader {
  readonly #texts = new Map<string, string>();

  /** null: it is one of the recorder itself, or cannot be read. */
  read({ chunk, values }: JfrEvent): OldObject | null {
    const object = structOf(chunk, values.get('object'));
    const className = this.#classNameOf(chunk, object);
    if (object === null || className === null) return null;
    const frames = framesOf(chunk, values.get('stackTrace'));
    if (frames.some(({ method }) => method.startsWith('jdk.jfr.'))) return null;
    return {
      className,
      path: this.#pathOf(chunk, object, structOf(chunk, values.get('root'))),
      allocatedAt: allocatorOf(frames),
      stack: frames.map((frame) => this.#same(frameText(frame))),
    };
  }

  #same(text: string): string {
    const known = this.#texts.get(text) ?? text;
    this.#texts.set(known, known);
    return known;
  }

  #pathOf(chunk: JfrChunk, object: JfrStruct, root: JfrStruct | null): Step[] {
    const path: Step[] = [];
    let refersTo = this.#classNameOf(chunk, object);
    for (let at: JfrStruct = object; path.length < MAX_PATH; ) {
      const reference = structOf(chunk, at.get('referrer'));
      const pooled = reference?.get('object');
      const referrer = structOf(chunk, pooled);
      if (reference === null || referrer === null) break;
      const className = this.#classNameOf(chunk, referrer);
      const thread = threadIn(textOf(chunk, referrer.get('description')));
      const link = this.#linkOf(chunk, reference, referrer);
      path.push({ id: `${chunk.endsAt} ${keyOf(pooled)}`, className, refersTo, link, ...(thread === null ? {} : { thread }) });
      refersTo = className;
      at = referrer;
    }
    // What a variable on a stack refers to has no object after it, but the thread's name.
    const last = path.at(-1);
    const rootThread = threadIn(textOf(chunk, root?.get('description')));
    if (last !== undefined && last.thread === undefined && rootThread !== null)
      path[path.length - 1] = { ...last, thread: rootThread };
    return path;
  }

  /**
   * The field by which an object is referred to; null: it is an element of an array. The fields of a class's mirror are its static fields. The JVM
   * looks a field up by its offset alone, so for an object it may name a static field of the same offset (EdgeUtils::field_name_symbol): then the
   * name is not known.
   */
  #linkOf(chunk: JfrChunk, reference: JfrStruct, referrer: JfrStruct): Link | null {
    const field = structOf(chunk, reference.get('field'));
    const text = textOf(chunk, field?.get('name'));
    if (field === null || text === null) return null;
    const name = this.#same(text);
    const mirrored = /^Class Name: (\S+)/.exec(textOf(chunk, referrer.get('description')) ?? '')?.[1];
    const hasStatic = (Number(field.get('modifiers')) & STATIC) !== 0;
    const isStatic = hasStatic && mirrored !== undefined;
    const owner = isStatic ? this.#same(mirrored) : this.#classNameOf(chunk, referrer);
    return owner === null ? null : { owner, field: hasStatic && !isStatic ? null : name, isStatic };
  }

  #classNameOf(chunk: JfrChunk, object: JfrStruct | null): string | null {
    const name = symbolOf(chunk, structOf(chunk, object?.get('type'))?.get('name'));
    return name === null ? null : this.#same(plainClassName(name.replaceAll('/', '.')));
  }
}
