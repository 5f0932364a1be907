/** HotSpot's garbage collectors. The page imports this file too: pure, and without imports. */
export type Collector = 'Serial' | 'Parallel' | 'CMS' | 'G1' | 'Shenandoah' | 'ZGC' | 'Epsilon';

/** Where the cgroup counts the pages of the Java heap: ZGC maps its heap as shared memory, which is shmem there. */
export const heapCountedIn = (collector: Collector | null): 'anon' | 'shmem' => (collector === 'ZGC' ? 'shmem' : 'anon');
