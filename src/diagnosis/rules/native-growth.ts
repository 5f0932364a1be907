import { bytesText, shareOfBytesText } from '../../format.ts';
import type { CauseShare } from '../../trends/types.ts';
import { directBound, hasNoExplicitCollections } from '../direct-memory.ts';
import { etaText } from '../eta-text.ts';
import { gainedBytes, type PartGrowth } from '../growth/anon-growth.ts';
import { nativePartsOf } from '../growth/attribute.ts';
import { mayBeCompilers } from '../growth/compiler-memory.ts';
import { heldKernelObjects } from '../held-kernel-objects.ts';
import type { Allocator } from '../ledger/allocator.ts';
import type { CauseRule } from '../rule.ts';
import { areFlatText, flatFieldNames, newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { type Sentence, sentence, sentenceText } from '../sentence.ts';
import { fitsLimit, sizeFlag } from '../size-flag.ts';
import { stackBound } from '../stack-bound.ts';
import { steadyRateText } from '../steady-rate.ts';

const RELEASE =
  'First see whether the program holds it at all: `memhound explain --release` lets the JVM collect, since buffers that nobody uses wait for a collection, then has malloc give back what was freed, and says what each gave back.';
const DIRECT =
  'Set -XX:MaxDirectMemorySize to test for direct buffers: if they leak, the JVM throws an OutOfMemoryError with a stack.';
/** The mappings of a native library have no name either. */
const MAPPED =
  'A native library that takes memory by mmap, as runtimes of models and of WebAssembly do, looks the same and ends at no option of the JVM: async-profiler (`-e mmap`, or `-e nativemem`) names what calls it.';
const COMPARE = '`jcmd PID VM.native_memory summary.diff`; it does not see JNI code and libraries.';
const IS_TRACKED = /^-XX:NativeMemoryTracking=(?:summary|detail)$/;

/** What is set already is not advised. */
const directAdvice = ({ jvm }: RuleContext): string => {
  const given = sizeFlag(jvm, 'MaxDirectMemorySize');
  return given === null
    ? DIRECT
    : `${given.flag} is set: a smaller one tests for direct buffers, and if they leak, the JVM throws an OutOfMemoryError with a stack.`;
};

const trackingAdvice = ({ jvm }: RuleContext): string =>
  jvm?.flags.some((flag) => IS_TRACKED.test(flag)) === true
    ? `Native memory is tracked already: \`jcmd PID VM.native_memory baseline\` now, and later ${COMPARE}`
    : `Start with -XX:NativeMemoryTracking=summary and compare ${COMPARE}`;

/** Advice from the allocator's own settings. The settings of glibc have no effect on another allocator. */
const BY_ALLOCATOR: Readonly<Record<Allocator, string>> = {
  glibc: 'Set MALLOC_ARENA_MAX=2 to test for glibc arenas.',
  jemalloc:
    'This JVM runs with jemalloc, so MALLOC_ARENA_MAX and trimming do nothing. Its own profile names the callers: MALLOC_CONF=prof:true,prof_final:true, and jeprof.',
  tcmalloc:
    'This JVM runs with tcmalloc, so MALLOC_ARENA_MAX and trimming do nothing. Its own profile names the callers: HEAPPROFILE=/tmp/heap, and pprof.',
  mimalloc:
    'This JVM runs with mimalloc, so MALLOC_ARENA_MAX and trimming do nothing. MIMALLOC_SHOW_STATS=1 prints what it holds at the end.',
  musl: 'This JVM runs with musl, which has no arenas and gives back what is freed only in whole spans: try an image with glibc to see the difference.',
};

const EXPLICIT_COLLECTIONS_OFF = '-XX:+DisableExplicitGC';
const NO_COLLECTION = `${EXPLICIT_COLLECTIONS_OFF} keeps the JVM from collecting for direct buffers, so those that nobody uses stay until the heap is full: remove it, or have -XX:+ExplicitGCInvokesConcurrent instead.`;
const THREADS =
  'Threads grow beside it, and each keeps its own buffers (ThreadLocal, and those of java.nio) until it ends: first see what starts them (`jcmd PID Thread.print`).';

const SMALL_BLOCKS =
  'These are small blocks of malloc: look for native libraries (JNI), and for Inflater, Deflater and streams of zip files that are never closed.';
/** glibc's M_MMAP_THRESHOLD: only larger blocks are a mapping each. It rises to the size of such a block when that is freed, up to 32 MiB. */
const SMALL_BUFFERS =
  'Direct buffers of less than 128 KiB are such blocks, too, and larger ones as soon as one of their size was freed: BufferPoolMXBean (JMX) counts them.';
const CODE =
  'Compiled code ends at -XX:ReservedCodeCacheSize. It grows as long as new classes or lambdas are loaded and run often: `jcmd PID Compiler.codecache`.';

const STACKS =
  'A thread keeps what its deepest call has touched, until it ends: recursion over input that grows, or large frames, in a pool whose threads stay. `jcmd PID Thread.print` shows which threads are deep. -Xss bounds each stack, and a StackOverflowError then names the code; a thread that asks for a stack size of its own has that one. Bound the depth, or give such work a few threads of its own.';

/** Advice for the part that grew, and first for what grows beside it and brings it. */
function adviceFor(context: RuleContext, part: PartGrowth | null): string {
  const { causes } = context.evaluation;
  const kernelGrows = causes.some(({ cause }) => cause === 'slab' || cause === 'kernel');
  const held = kernelGrows ? heldKernelObjects(context) : null;
  return [
    ...(held === null ? [] : [`${sentenceText(held.text)} ${held.advice}`]),
    ...(causes.some(({ cause }) => cause === 'threads') ? [THREADS] : []),
    adviceForPart(context, part),
  ].join(' ');
}

/** Advice for the part that grew, if the mappings show one. */
function adviceForPart(context: RuleContext, part: PartGrowth | null): string {
  const { allocator } = context;
  const direct = `${hasNoExplicitCollections(context) ? `${NO_COLLECTION} ` : ''}${directAdvice(context)}`;
  const tracking = trackingAdvice(context);
  const byAllocator = BY_ALLOCATOR[allocator ?? 'glibc'];
  const isGlibc = (allocator ?? 'glibc') === 'glibc';
  switch (part?.id) {
    case 'code-cache':
      return `${CODE} ${tracking}`;
    case 'thread-stacks':
      return STACKS;
    case 'malloc-heap':
      return [RELEASE, SMALL_BLOCKS, ...(isGlibc ? [] : [byAllocator]), tracking].join(' ');
    case 'malloc-arenas':
      return [RELEASE, SMALL_BLOCKS, SMALL_BUFFERS, direct, byAllocator, tracking].join(' ');
    case 'direct-buffers':
      return [RELEASE, direct, MAPPED, ...(isGlibc ? [] : [byAllocator]), tracking].join(' ');
    default:
      return [RELEASE, direct, byAllocator, tracking].join(' ');
  }
}

/** Anonymous memory other than the heap, metaspace and threads grows. */
export const nativeGrowth: CauseRule = {
  id: 'native-growth',
  cause: 'native',
  explain(context, share) {
    const flat = flatFieldNames(context, ['heap_used', 'threads', 'metaspace']);
    const what = context.jvm === null ? 'Anonymous memory' : 'Memory outside the Java heap';
    const whileFlat = flat.length > 0 ? ` while ${areFlatText(flat)}` : '';
    const where = whereText(context, share);
    const warmUp =
      context.evaluation.leak !== true && context.anonGrowth !== null && mayBeCompilers(context.anonGrowth, nativeParts(context))
        ? ', no more than the compilers of a JVM take as it warms up'
        : '';
    const waits = mayWait(context) ? ' that may wait for a collection' : '';
    return {
      headline: sentence`${what} grows ${steadyRateText(context, share.cause, share.bytesPerHour)}${where}${where !== '' && whileFlat !== '' ? ',' : ''}${whileFlat}: native memory${waits}${warmUp}.${boundText(context, share) ?? etaText(context)}`,
      severity: oomSeverity(context),
      title: titleOf(context, share),
      evidence: {
        bytesPerHour: share.bytesPerHour,
        anonBytes: newestValue(context, 'anon'),
        heapCommittedBytes: newestValue(context, 'heap_committed'),
        metaspaceBytes: newestValue(context, 'metaspace'),
        threads: newestValue(context, 'threads'),
        flat,
        ...(context.anonGrowth === null ? {} : { grewBytesByPart: grewBytesByPart(context) }),
      },
      advice: adviceFor(context, mainPart(context, share)),
    };
  },
};

/** Whether a collection may free it: until it is known, no leak is stated. */
const mayWait = ({ evaluation: { leak, causeBasis }, steady }: RuleContext): boolean =>
  steady.keep(
    'native memory may wait for a collection',
    leak === null && causeBasis.some(({ cause, cappedBy }) => cause === 'native' && cappedBy === 'collection'),
    { atOnce: () => leak === true },
  );

function titleOf(context: RuleContext, share: CauseShare): Sentence {
  if (context.jvm === null) return sentence`Anonymous memory grows`;
  return mainPart(context, share)?.id === 'thread-stacks'
    ? sentence`Thread stacks grow: deep recursion or large frames`
    : sentence`Native memory grows: direct buffers, JNI or malloc`;
}

/** The end of what grew, if it is bounded below the limit; null: nothing bounds it before that. */
function boundText(context: RuleContext, share: CauseShare): string | null {
  const part = mainPart(context, share);
  if (part?.id === 'direct-buffers') return directBoundText(context, part);
  return part?.id === 'thread-stacks' ? stackBoundText(context, part) : null;
}

/**
 * The end of direct buffers by -XX:MaxDirectMemorySize or its default. The JVM collects when it is reached, so buffers that nobody uses are freed then. Large
 * blocks of malloc look the same, and have no bound.
 */
function directBoundText(context: RuleContext, part: PartGrowth): string | null {
  const most = directBound(context, part.bytes);
  if (most === null) return null;
  const then = hasNoExplicitCollections(context)
    ? `throws an OutOfMemoryError, even if nobody uses them: ${EXPLICIT_COLLECTIONS_OFF} keeps it from collecting first`
    : 'collects, and throws an OutOfMemoryError if they are in use';
  return ` Direct buffers end at ${bytesText(most.bytes)} (${most.text}): there the JVM ${then}. Other blocks of malloc, and what a library maps, would go on:${etaText(context)}`;
}

/** The end of the stacks of the threads that run now. A thread may have asked for a larger one, and no flag says so. */
function stackBoundText(context: RuleContext, part: PartGrowth): string | null {
  const most = stackBound(context, part.bytes);
  if (most === null || !fitsLimit(context, most.bytes - part.bytes)) return null;
  return ` If all ${most.threads} stacks are of ${bytesText(most.stackBytes)}, they end at ${bytesText(most.bytes)}, which the limit has room for. If threads asked for larger ones, they go on:${etaText(context)}`;
}

const mainPart = (context: RuleContext, { what }: CauseShare): PartGrowth | null =>
  nativeParts(context).find(({ name }) => name === what) ?? null;

const nativeParts = ({ anonGrowth, evaluation }: RuleContext): readonly PartGrowth[] =>
  anonGrowth === null ? [] : nativePartsOf(anonGrowth, evaluation.causes);

const grewBytesByPart = (context: RuleContext): Record<string, number> =>
  Object.fromEntries(nativeParts(context).map(({ name, grewBytes }) => [name, Math.round(grewBytes)]));

/** ", 87 of 88 MiB of it in malloc arenas" */
function whereText(context: RuleContext, { what }: CauseShare): string {
  const parts = nativeParts(context);
  const main = parts.find(({ name }) => name === what);
  if (main === undefined) return '';
  return `, ${shareOfBytesText(main.grewBytes, gainedBytes(parts))} of it in ${placeText(main, context.allocator)}`;
}

/** Allocators other than glibc's have no arenas that the mappings show: all that they hold looks like large blocks. */
const placeText = ({ id, name }: PartGrowth, allocator: Allocator | null): string =>
  id === 'direct-buffers' && allocator !== null && allocator !== 'glibc' ? `direct buffers, malloc (${allocator}) or mmap` : name;
