import type { JfrChunk, JfrEvent } from '../jfr/jfr-chunk.ts';
import type { JfrStruct } from '../jfr/jfr-values.ts';
import { plainClassName } from '../sources/jvm/class-name.ts';
import { type Frame, firstOwnFrame, isOfJdk } from './frames.ts';
import { framesOf, structOf, symbolOf, textOf } from './jfr-frames.ts';

/*
 * Samples of old objects (JFR's event jdk.OldObjectSample): objects of the live set, each with the stack that allocated it and with the path
 * of references that keeps it alive. Pure.
 */

export const OLD_OBJECT_SAMPLE = 'jdk.OldObjectSample';

/** What keeps an object alive: a static field, a field of an object, or a collection of which no owner was found. */
export interface Holder {
  readonly kind: 'static-field' | 'field' | 'collection';
  /** "com.acme.OrderCache.BY_ID"; a collection by its class and that of its elements: "java.util.HashMap of com.acme.Order". */
  readonly name: string;
}

export interface OldObject {
  readonly className: string;
  readonly holder: Holder | null;
  readonly allocatedAt: Frame | null;
}

const MAX_PATH = 200;
const STATIC = 0x8;

/** The sampled objects, but for those of the recorder itself. */
export function oldObjects(events: readonly JfrEvent[]): OldObject[] {
  return events.flatMap((event) => {
    const { chunk, values } = event;
    const object = structOf(chunk, values.get('object'));
    const className = classNameOf(chunk, object);
    if (object === null || className === null) return [];
    const frames = framesOf(chunk, values.get('stackTrace'));
    if (frames.some(({ method }) => method.startsWith('jdk.jfr.'))) return [];
    return [{ className, holder: holderOf(chunk, object), allocatedAt: allocatorOf(frames) }];
  });
}

interface Link {
  readonly owner: string;
  readonly field: string;
  readonly isStatic: boolean;
}

/** The first own frame. A constructor is called where the object was wanted, and that says more. */
const allocatorOf = (frames: readonly Frame[]): Frame | null =>
  frames.find(({ method }) => !isOfJdk(method) && !/\.<(?:cl)?init>$/.test(method)) ?? firstOwnFrame(frames);

/**
 * Of the path of references from the object to what keeps it alive: the first static field; else the last field of a class that is not the
 * JDK's, if it is beyond all collections; else the last collection; else the last such field.
 */
function holderOf(chunk: JfrChunk, object: JfrStruct): Holder | null {
  let holder: Holder | null = null;
  let element = classNameOf(chunk, object);
  for (let at: JfrStruct = object, n = 0; n < MAX_PATH; n++) {
    const reference = structOf(chunk, at.get('referrer'));
    const referrer = structOf(chunk, reference?.get('object'));
    if (reference === null || referrer === null) break;
    const link = linkOf(chunk, reference, referrer);
    if (link?.isStatic) return { kind: 'static-field', name: `${link.owner}.${link.field}` };
    const owner = classNameOf(chunk, referrer);
    if (owner !== null && isCollection(owner)) holder = { kind: 'collection', name: `${owner} of ${element}` };
    else if (link !== null && !isOfJdk(link.owner)) {
      holder = { kind: 'field', name: `${link.owner}.${link.field}` };
      element = link.owner;
    }
    at = referrer;
  }
  return holder;
}

/** A collection itself, not its nodes or arrays. */
const isCollection = (className: string): boolean => /^java\.util\.[\w.]+$/.test(className);

/** The field by which an object is referred to; null: it is an element of an array. The fields of a class's mirror are its static fields. */
function linkOf(chunk: JfrChunk, reference: JfrStruct, referrer: JfrStruct): Link | null {
  const field = structOf(chunk, reference.get('field'));
  const name = textOf(chunk, field?.get('name'));
  if (field === null || name === null) return null;
  const mirrored = /^Class Name: (\S+)/.exec(textOf(chunk, referrer.get('description')) ?? '')?.[1];
  const isStatic = (Number(field.get('modifiers')) & STATIC) !== 0 && mirrored !== undefined;
  const owner = isStatic ? mirrored : classNameOf(chunk, referrer);
  return owner === null ? null : { owner, field: name, isStatic };
}

const classNameOf = (chunk: JfrChunk, object: JfrStruct | null): string | null => {
  const name = symbolOf(chunk, structOf(chunk, object?.get('type'))?.get('name'));
  return name === null ? null : plainClassName(name.replaceAll('/', '.'));
};
