import type { Tables } from '../../src/outlets/status.ts';
import type { JvmReading } from '../../src/sources/types.ts';
import { ageText, exactBytesText, groupDigits, level, safeName, steadyLevel } from '../data/wording.ts';
import { byId, el, patch, setText } from '../dom.ts';

/** One line of the table. `atMs`: time of the JVM's last update of the value. `bytes`: the exact value, if it is in bytes. */
interface Fact {
  readonly name: string;
  readonly value: string;
  readonly more: string;
  readonly atMs: number;
  readonly bytes?: number;
}

/** The JVM's own values, each with its age. Metaspace, for example, is updated only at a collection. */
export function drawJvm(answer: Tables['jvm'], nowMs: number): void {
  byId('jvm-none').hidden = answer.jvm !== null;
  byId('jvm-some').hidden = answer.jvm === null;
  if (answer.jvm === null) {
    const { reason } = answer;
    setText(byId('jvm-none'), `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`.replace(/\.\.$/, '.'));
    return;
  }
  const { version, collector, flags } = answer.jvm;
  const what = [version === null ? '' : `Java ${version}`, collector, ...flags].filter(Boolean).join('  ');
  setText(byId('jvm-what'), safeName(what, 600));
  patch(
    byId('jvm-facts'),
    facts(answer.jvm).map(({ name, value, more, atMs, bytes }) => {
      const age = `${ageText(nowMs - atMs)} old`;
      return {
        key: `${name} ${value} ${more} ${age}`,
        made: () => {
          const number = el('dd', { class: 'number' }, value);
          number.title = bytes === undefined ? '' : exactBytesText(Math.round(bytes));
          return el(
            'div',
            {},
            el('dt', {}, name),
            number,
            el('dd', { class: 'more' }, more),
            el('dd', { class: 'number age' }, age),
          );
        },
      };
    }),
  );
}

function facts(jvm: JvmReading): Fact[] {
  const { heapUsed, heapCommitted, heapMax, metaspace, compressedClass, threads, classes } = jvm;
  // Values that do not depend on a collection, such as the committed heap, are read with each tick.
  const { atMs } = heapCommitted;
  const bytes = (name: string, value: number, more: string, at = atMs): Fact => ({
    name,
    value: steadyLevel(value),
    more,
    atMs: at,
    bytes: value,
  });
  const count = (name: string, value: number, more: string): Fact => ({ name, value: groupDigits(value), more, atMs });
  return [
    bytes('Heap used', heapUsed.value, typeof heapMax === 'number' ? `of ${level(heapMax)}` : '', heapUsed.atMs),
    bytes('Heap committed', heapCommitted.value, ''),
    ...jvm.generations.map((g) => {
      const used = g.spaces.reduce((sum, space) => sum + space.usedBytes, 0);
      return bytes(`Generation ${safeName(g.name, 30)}`, used, `of ${level(g.capacityBytes)}`, heapUsed.atMs);
    }),
    ...(metaspace === null
      ? []
      : [bytes('Metaspace', metaspace.used.value, `${level(metaspace.committed)} committed`, metaspace.used.atMs)]),
    ...(compressedClass === null
      ? []
      : [bytes('Compressed classes', compressedClass.used.value, 'within metaspace', compressedClass.used.atMs)]),
    ...(threads === null ? [] : [count('Threads', threads.live, `${threads.daemon} daemons, at most ${threads.peak}`)]),
    ...(classes === null
      ? []
      : [count('Classes', classes.loaded - classes.unloaded, `${groupDigits(classes.unloaded)} unloaded`)]),
    ...jvm.collectors.map((c) => count(`GC ${safeName(c.name, 60)}`, c.count, `${c.seconds.toFixed(1)} s in all`)),
  ];
}
