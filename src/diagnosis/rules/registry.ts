import type { Rule } from '../rule.ts';
import { aboveRequest } from './above-request.ts';
import { activeFileInWorkingSet } from './active-file-in-working-set.ts';
import { dashboardsDisagree } from './dashboards-disagree.ts';
import { diskFilling } from './disk-filling.ts';
import { heapFloor } from './heap-floor.ts';
import { metaspaceGrowth } from './metaspace-growth.ts';
import { nativeGrowth } from './native-growth.ts';
import { nearLimit } from './near-limit.ts';
import { oomKilled } from './oom-killed.ts';
import { pageCacheFile } from './page-cache-file.ts';
import { pinnedByCache } from './pinned-by-cache.ts';
import { processGrowth } from './process-growth.ts';
import { restarted } from './restarted.ts';
import { shmemGrowth } from './shmem-growth.ts';
import { slabGrowth } from './slab-growth.ts';
import { threadGrowth } from './thread-growth.ts';
import { unnamedGrowth } from './unnamed-growth.ts';

/** Every rule. Findings of one severity come in this order. */
export const RULES: readonly Rule[] = [
  heapFloor,
  shmemGrowth,
  nativeGrowth,
  processGrowth,
  threadGrowth,
  metaspaceGrowth,
  slabGrowth,
  pageCacheFile,
  diskFilling,
  nearLimit,
  oomKilled,
  unnamedGrowth,
  aboveRequest,
  pinnedByCache,
  activeFileInWorkingSet,
  dashboardsDisagree,
  restarted,
];
