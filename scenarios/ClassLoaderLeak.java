import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.ArrayList;
import java.util.List;

/**
 * Class loaders that are never released, as after many redeployments: ClassLoaderLeak LOADERS_PER_SECOND TOTAL_LOADERS. Each loader
 * defines one class. Prints "classes N", and as allocated the growth of the JVM's committed Metaspace pool: each loader has its own
 * chunks, which its few classes do not fill.
 */
public class ClassLoaderLeak {
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

  static final class Loader extends ClassLoader {
    Loader() {
      super(ClassLoaderLeak.class.getClassLoader());
    }

    Class<?> define(byte[] code) {
      return defineClass(null, code, 0, code.length);
    }
  }

  /** The class that every loader defines. */
  public static class Ballast {
    public String a(String s) { return s + "a"; }
    public String b(String s) { return s + "b"; }
    public String c(String s) { return s + "c"; }
    public long d(long x) { return x * 31 + 7; }
    public long e(long x) { return x * 37 + 11; }
  }

  static byte[] bytesOf(Class<?> type) throws java.io.IOException {
    try (InputStream in = type.getResourceAsStream("/" + type.getName() + ".class")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] some = new byte[8192];
      for (int n; (n = in.read(some)) > 0; ) out.write(some, 0, n);
      return out.toByteArray();
    }
  }

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    byte[] code = bytesOf(Ballast.class);
    MemoryPoolMXBean pool = null;
    for (MemoryPoolMXBean p : ManagementFactory.getMemoryPoolMXBeans()) if (p.getName().equals("Metaspace")) pool = p;
    List<Object> kept = new ArrayList<>();
    kept.add(new Loader().define(code).getDeclaredConstructor().newInstance()); // loads what only the first loader needs
    endWithInput();
    System.out.println("ready");
    long before = pool.getUsage().getCommitted();
    long began = System.nanoTime();
    for (int n = 1; n <= total; n++) {
      kept.add(new Loader().define(code).getDeclaredConstructor().newInstance());
      if (n % 100 == 0 || n == total) {
        System.out.println("classes " + n);
        System.out.println("allocated " + (pool.getUsage().getCommitted() - before));
      }
      pace(began, n, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
