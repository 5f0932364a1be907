/** HotSpot's garbage collectors. This file is pure and has no imports, because the page imports it too. */
export type Collector = 'Serial' | 'Parallel' | 'CMS' | 'G1' | 'Shenandoah' | 'ZGC' | 'Epsilon';

/** The field in which the cgroup counts the Java heap. ZGC maps its heap as shared memory, which is shmem. */
export const heapCountedIn = (collector: Collector | null): 'anon' | 'shmem' => (collector === 'ZGC' ? 'shmem' : 'anon');
