import java.util.Arrays;

/**
 * What a reader of smaps does to a JVM: SmapsPauses SECONDS. Touches all of the heap at the start, then measures in three threads:
 * `clock` how long a loop that only looks at the clock stands still, `touch` how long it takes to map, write and unmap 256 KiB of
 * native memory (which needs the mmap lock, as thread start and direct buffers do), `heap` how long 1 MiB of allocation takes.
 * Prints for each the count, and p50, p99, p99.9 and maximum in microseconds.
 */
public class SmapsPauses {
  public static void main(String[] args) throws Exception {
    long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
    java.lang.reflect.Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
    System.out.println("ready");
    Thread[] threads = {
      new Thread(() -> measure("clock", end, 0, () -> {})),
      new Thread(() -> measure("touch", end, 1, () -> {
        long at = unsafe.allocateMemory(256 << 10);
        unsafe.setMemory(at, 256 << 10, (byte) 1);
        unsafe.freeMemory(at);
      })),
      new Thread(() -> measure("heap", end, 1, () -> sink = new byte[1 << 20])),
    };
    for (Thread t : threads) t.start();
    for (Thread t : threads) t.join();
  }

  static volatile byte[] sink;

  static void measure(String name, long end, int restMs, Runnable step) {
    long[] took = new long[20_000_000];
    int n = 0;
    try {
      while (n < took.length) {
        long before = System.nanoTime();
        if (before >= end) break;
        step.run();
        took[n++] = System.nanoTime() - before;
        if (restMs > 0) Thread.sleep(restMs);
        else if (n % 1000 == 0) Thread.sleep(1);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
    long[] sorted = Arrays.copyOf(took, n);
    Arrays.sort(sorted);
    synchronized (SmapsPauses.class) {
      System.out.printf("%s n=%d p50=%d p99=%d p99.9=%d max=%d us%n", name, n, at(sorted, .5), at(sorted, .99), at(sorted, .999), sorted[n - 1] / 1000);
    }
  }

  static long at(long[] sorted, double p) {
    return sorted[Math.min(sorted.length - 1, (int) (p * sorted.length))] / 1000;
  }
}
