import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Programs whose leak is known, for npm run report:culprits: CulpritCase KIND SHAPE, where KIND is what is made (heap, threads, metaspace,
 * native)
 * and SHAPE how much of it is kept over time. Each shape is made of parts: a part is a name and a function of time that says how many units
 * of it are kept. Prints "ready" when all that is there from the beginning exists.
 */
public class CulpritCase {
  static final int STEPS_PER_SECOND = 20;

  /** How many units are kept t seconds after the start. */
  interface Course {
    double at(double t);
  }

  static Course steady(double perSecond) {
    return t -> perSecond * t;
  }

  static Course bursts(double perBurst, double everySeconds) {
    return t -> perBurst * Math.floor(t / everySeconds);
  }

  static Course stable(double units) {
    return t -> units;
  }

  /** Between 0 and `most`, up and down every 2 to 4 seconds. Period and phase are drawn, so that no run is lucky each time. */
  static Course breathing(double most) {
    double period = 2 + 2 * Math.random();
    double phase = 2 * Math.PI * Math.random();
    return t -> most * (0.5 - 0.5 * Math.cos(2 * Math.PI * t / period + phase));
  }

  static Course filling(double most, double seconds) {
    return t -> most * Math.min(1, t / seconds);
  }

  static class Order { byte state; long a, b, c, d, e, f, g, h, i, j, k, l, m, n; }
  static class Big extends Order {}
  static class Pooled extends Order {}
  static class Entry extends Order {}
  static class K0 extends Order {}
  static class K1 extends Order {}
  static class K2 extends Order {}
  static class K3 extends Order {}
  static class K4 extends Order {}
  static class K5 extends Order {}

  static class Loader extends ClassLoader {
    Loader() {
      super(CulpritCase.class.getClassLoader());
    }

    Class<?> define(byte[] code) {
      return defineClass(null, code, 0, code.length);
    }
  }
  static class Redeployed extends Loader {}
  static class Full extends Loader {}
  static class Dropped extends Loader {}
  static class Cached extends Loader {}
  static class Engine extends Loader {}
  static class L0 extends Loader {}
  static class L1 extends Loader {}
  static class L2 extends Loader {}
  static class L3 extends Loader {}
  static class L4 extends Loader {}
  static class L5 extends Loader {}

  /** The class that loaders define, under its own name or with another number. */
  public static class Ballast00000 {
    public String a(String s) { return s + "a"; }
    public String b(String s) { return s + "b"; }
    public long c(long x) { return x * 31 + 7; }
    public long d(long x) { return x * 37 + 11; }
  }

  /** Makes one unit. What it returns is kept, and closed when it is dropped. */
  interface Maker {
    AutoCloseable make() throws Exception;
  }

  static final class Part {
    final Maker maker;
    final Course course;
    final ArrayDeque<AutoCloseable> kept = new ArrayDeque<>();

    Part(Maker maker, Course course) {
      this.maker = maker;
      this.course = course;
    }

    boolean follow(double t) throws Exception {
      long wanted = Math.round(course.at(t));
      boolean dropped = kept.size() > wanted;
      while (kept.size() < wanted) kept.add(maker.make());
      while (kept.size() > wanted) kept.poll().close();
      return dropped;
    }
  }

  /** 64 KiB of objects of a class. */
  static Maker objects(Class<? extends Order> type) {
    return () -> {
      Order[] some = new Order[512];
      for (int i = 0; i < some.length; i++) some[i] = type.getDeclaredConstructor().newInstance();
      return new Kept(some);
    };
  }

  static final class Kept implements AutoCloseable {
    final Object what;

    Kept(Object what) {
      this.what = what;
    }

    @Override
    public void close() {} // the collector's work
  }

  /** 64 KiB of native memory. */
  static Maker buffers() {
    return () -> new Kept(java.nio.ByteBuffer.allocateDirect(64 << 10));
  }

  static int named = 0;

  interface Wait {
    void in(CountDownLatch end);
  }

  static Maker threads(String prefix) {
    return threads(prefix, CulpritCase::waitIn);
  }

  static Maker threads(String prefix, Wait wait) {
    return () -> {
      CountDownLatch end = new CountDownLatch(1);
      Thread thread = new Thread(() -> wait.in(end), prefix + ++named);
      thread.setDaemon(true);
      thread.start();
      return () -> {
        end.countDown();
        thread.join();
      };
    };
  }

  static void waitIn(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where threads of six pools stand: none of them shares its stack. */
  static void waitInA(CountDownLatch end) { waitIn(end); }
  static void waitInB(CountDownLatch end) { waitIn(end); }
  static void waitInC(CountDownLatch end) { waitIn(end); }
  static void waitInD(CountDownLatch end) { waitIn(end); }
  static void waitInE(CountDownLatch end) { waitIn(end); }
  static void waitInF(CountDownLatch end) { waitIn(end); }

  static byte[] code;

  static Maker loaders(Class<? extends Loader> type) {
    return () -> {
      Loader loader = type.getDeclaredConstructor().newInstance();
      return new Kept(loader.define(code).getDeclaredConstructor().newInstance());
    };
  }

  /** One loader that defines a further class each time. */
  static Maker classesOf(Loader loader) {
    int[] count = {0};
    return () -> {
      String text = new String(code, StandardCharsets.ISO_8859_1);
      String name = String.format("Ballast%05d", ++count[0]);
      return new Kept(loader.define(text.replace("Ballast00000", name).getBytes(StandardCharsets.ISO_8859_1)));
    };
  }

  static byte[] codeOf(Class<?> type) throws java.io.IOException {
    try (InputStream in = type.getResourceAsStream("/" + type.getName() + ".class")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] some = new byte[8192];
      for (int n; (n = in.read(some)) > 0; ) out.write(some, 0, n);
      return out.toByteArray();
    }
  }

  static Part part(Maker maker, Course course) {
    return new Part(maker, course);
  }

  /** A unit of the heap is 64 KiB, of threads a thread, of metaspace a loader or a class. */
  static List<Part> parts(String kind, String shape) {
    List<Part> parts = new ArrayList<>();
    boolean isHeap = kind.equals("heap"), isThreads = kind.equals("threads");
    if (kind.equals("native")) return nativeParts(shape);
    Maker leak = isHeap ? objects(Order.class) : isThreads ? threads("http-nio-8080-exec-") : loaders(Redeployed.class);
    Maker full = isHeap ? objects(Big.class) : isThreads ? threads("full-pool-") : classesOf(new Full());
    Maker pool = isHeap ? objects(Pooled.class) : isThreads ? threads("breathing-") : loaders(Dropped.class);
    Maker cache = isHeap ? objects(Entry.class) : isThreads ? threads("filling-") : loaders(Cached.class);
    double rate = isHeap ? 60 : isThreads ? 8 : 60;
    double large = isHeap ? 800 : isThreads ? 150 : 1500;
    switch (shape) {
      case "leak": parts.add(part(leak, steady(rate))); break;
      case "slow-leak": parts.add(part(leak, steady(rate / 3))); break;
      case "leak-beside-large": parts.add(part(full, stable(large))); parts.add(part(leak, steady(rate))); break;
      case "leak-beside-breathing": parts.add(part(pool, breathing(3 * rate))); parts.add(part(leak, steady(rate))); break;
      case "leak-beside-smaller-leak": parts.add(part(cache, steady(rate / 4))); parts.add(part(leak, steady(rate))); break;
      case "leak-in-bursts": parts.add(part(leak, bursts(rate, 1))); break;
      case "large-and-stable": parts.add(part(full, stable(large))); break;
      case "breathing": parts.add(part(pool, breathing(6 * rate))); break;
      case "filling": parts.add(part(cache, filling(5 * rate, 5))); break;
      case "many-small": many(kind, rate / 3, parts); break;
      case "other-leak": // of strings, of threads without a name, in one loader
        if (isHeap) parts.add(part(() -> new Kept(new byte[64 << 10]), steady(rate)));
        else if (isThreads) parts.add(part(threads("Thread-"), steady(rate)));
        else parts.add(part(classesOf(new Engine()), steady(2 * rate)));
        break;
      default: throw new IllegalArgumentException("no shape " + shape);
    }
    return parts;
  }

  /** Beside direct buffers: the stacks of threads and the classes of loaders, which are native memory as well. */
  static List<Part> nativeParts(String shape) {
    List<Part> parts = new ArrayList<>();
    Maker leak = buffers();
    double rate = 60;
    switch (shape) {
      case "leak": parts.add(part(leak, steady(rate))); break;
      case "slow-leak": parts.add(part(leak, steady(rate / 3))); break;
      case "leak-beside-large": parts.add(part(buffers(), stable(1200))); parts.add(part(leak, steady(rate))); break;
      case "leak-beside-breathing": parts.add(part(threads("breathing-"), breathing(20))); parts.add(part(leak, steady(rate))); break;
      case "leak-beside-smaller-leak": parts.add(part(loaders(Cached.class), steady(20))); parts.add(part(leak, steady(rate))); break;
      case "leak-in-bursts": parts.add(part(leak, bursts(rate, 1))); break;
      case "large-and-stable": parts.add(part(buffers(), stable(1200))); break;
      case "breathing": parts.add(part(threads("breathing-"), breathing(40))); break;
      case "buffers-breathing": parts.add(part(buffers(), breathing(6 * rate))); break;
      case "filling": parts.add(part(buffers(), filling(5 * rate, 5))); break;
      case "many-small": parts.add(part(buffers(), steady(rate / 6))); parts.add(part(threads("pool-"), steady(2))); parts.add(part(loaders(L0.class), steady(60))); break;
      case "other-leak": parts.add(part(threads("Thread-"), steady(8))); break;
      default: throw new IllegalArgumentException("no shape " + shape);
    }
    return parts;
  }

  static void many(String kind, double rate, List<Part> parts) {
    List<Class<? extends Order>> classes = List.of(K0.class, K1.class, K2.class, K3.class, K4.class, K5.class);
    List<Class<? extends Loader>> loaders = List.of(L0.class, L1.class, L2.class, L3.class, L4.class, L5.class);
    List<Wait> waits = List.of(CulpritCase::waitInA, CulpritCase::waitInB, CulpritCase::waitInC, CulpritCase::waitInD, CulpritCase::waitInE, CulpritCase::waitInF);
    for (int i = 0; i < 6; i++) {
      String prefix = "pool-" + (char) ('a' + i) + "-";
      Maker maker = kind.equals("heap") ? objects(classes.get(i)) : kind.equals("threads") ? threads(prefix, waits.get(i)) : loaders(loaders.get(i));
      parts.add(part(maker, steady(rate)));
    }
  }

  public static void main(String[] args) throws Exception {
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
    code = codeOf(Ballast00000.class);
    List<Part> parts = parts(args[0], args[1]);
    for (Part part : parts) part.follow(0);
    System.out.println("ready");
    long began = System.nanoTime();
    for (int step = 1; ; step++) {
      double t = (double) step / STEPS_PER_SECOND;
      for (Part part : parts) part.follow(t);
      long ahead = (long) (t * 1000) - (System.nanoTime() - began) / 1000000;
      if (ahead > 0) Thread.sleep(ahead);
    }
  }
}
