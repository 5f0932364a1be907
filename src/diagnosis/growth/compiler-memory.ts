import { MIB, MINUTE_S } from '../../units.ts';
import { type AnonGrowth, gainedBytes, type PartGrowth } from './anon-growth.ts';

/** A warm-up may last this long; the trend of a cause is compared with the same time (cause-confidence.ts). */
const MAX_WARM_UP_S = 10 * MINUTE_S;
/**
 * While the JVM compiles, its compilers take blocks of malloc, and glibc keeps most of them. Tomcat, ActiveMQ and ZooKeeper on JDK 21 took 2 to 20
 * times the code that was made meanwhile, at most 17 MiB at a time.
 */
const BYTES_PER_CODE_BYTE = 32;
const MAX_BYTES = 32 * MIB;

/**
 * Whether growth of native memory may be that of the JVM's compilers, which ends by itself: the code cache grows too, and the rest of the growth
 * is not larger than compilers need. Without compiled code, or beyond that size, it has another cause. `native` has the parts of native memory
 * that grew.
 */
export function mayBeCompilers({ fromS, toS }: AnonGrowth, native: readonly PartGrowth[]): boolean {
  const code = gainedBytes(native.filter(({ id }) => id === 'code-cache'));
  const rest = gainedBytes(native) - code;
  return toS - fromS <= MAX_WARM_UP_S && rest <= Math.min(MAX_BYTES, BYTES_PER_CODE_BYTE * code);
}
