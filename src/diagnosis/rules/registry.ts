import type { GrowthCause } from '../../fields.ts';
import type { CauseRule, Rule } from '../rule.ts';
import { aboveRequest } from './above-request.ts';
import { activeCacheGrowth } from './active-cache-growth.ts';
import { activeFileInWorkingSet } from './active-file-in-working-set.ts';
import { dashboardsDisagree } from './dashboards-disagree.ts';
import { diskFilling } from './disk-filling.ts';
import { heapFloor } from './heap-floor.ts';
import { hugePageGrowth } from './huge-page-growth.ts';
import { kernelGrowth } from './kernel-growth.ts';
import { leftByRuns } from './left-by-runs.ts';
import { limitShared } from './limit-shared.ts';
import { lockedCacheGrowth } from './locked-cache-growth.ts';
import { metaspaceGrowth } from './metaspace-growth.ts';
import { nativeGrowth } from './native-growth.ts';
import { nearLimit } from './near-limit.ts';
import { oomKilled } from './oom-killed.ts';
import { pageCacheFile } from './page-cache-file.ts';
import { pageTableGrowth } from './page-table-growth.ts';
import { pinnedByCache } from './pinned-by-cache.ts';
import { planExceedsLimit } from './plan-exceeds-limit.ts';
import { processGrowth } from './process-growth.ts';
import { restarted } from './restarted.ts';
import { shmemGrowth } from './shmem-growth.ts';
import { slabGrowth } from './slab-growth.ts';
import { sockGrowth } from './sock-growth.ts';
import { swappedOut } from './swapped-out.ts';
import { threadGrowth } from './thread-growth.ts';
import { throttled } from './throttled.ts';
import { unnamedGrowth } from './unnamed-growth.ts';
import { unwrittenCache } from './unwritten-cache.ts';

/** The rule that explains each cause. */
const CAUSE_RULES: Readonly<Record<GrowthCause, CauseRule>> = {
  heap: heapFloor,
  shmem: shmemGrowth,
  native: nativeGrowth,
  process: processGrowth,
  threads: threadGrowth,
  metaspace: metaspaceGrowth,
  'huge-pages': hugePageGrowth,
  'locked-cache': lockedCacheGrowth,
  sock: sockGrowth,
  'page-tables': pageTableGrowth,
  kernel: kernelGrowth,
  slab: slabGrowth,
  'page-cache': pageCacheFile,
  'active-cache': activeCacheGrowth,
};

/** Every rule. Findings of one severity come in this order. */
export const RULES: readonly Rule[] = [
  ...Object.values(CAUSE_RULES),
  nearLimit,
  diskFilling,
  limitShared,
  leftByRuns,
  planExceedsLimit,
  throttled,
  swappedOut,
  unwrittenCache,
  oomKilled,
  unnamedGrowth,
  aboveRequest,
  pinnedByCache,
  activeFileInWorkingSet,
  dashboardsDisagree,
  restarted,
];
