/**
 * Native memory that is never freed: UnsafeLeak MB_PER_SECOND TOTAL_MB. malloc through Unsafe, every page written; no bean of the JVM counts it.
 */
public class UnsafeLeak {
  static final int MB = 1 << 20;

  /** Ends the program when its standard input ends, so that it does not run longer than its parent. */
  static void endWithInput() {
    Thread watcher = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {} // only the end of the input matters
      } catch (java.io.IOException broken) {
        System.err.println("standard input broke: " + broken.getMessage());
      }
      Runtime.getRuntime().halt(0);
    });
    watcher.setDaemon(true);
    watcher.start();
  }

  /** Sleeps until `done` units are due at `perSecond`, so that the rate does not depend on the duration of a step. */
  static void pace(long began, double done, double perSecond) throws InterruptedException {
    long ahead = (long) (done / perSecond * 1000) - (System.nanoTime() - began) / 1000000;
    if (ahead > 0) Thread.sleep(ahead);
  }

  static sun.misc.Unsafe unsafe() throws Exception {
    java.lang.reflect.Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    return (sun.misc.Unsafe) field.get(null);
  }

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    sun.misc.Unsafe unsafe = unsafe();
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    for (int mb = 1; mb <= total; mb++) {
      unsafe.setMemory(unsafe.allocateMemory(MB), MB, (byte) 1);
      System.out.println("allocated " + (long) mb * MB);
      pace(began, mb, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
