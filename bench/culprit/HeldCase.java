import java.io.ByteArrayOutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.SoftReference;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.WeakHashMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Programs that keep objects in the ways in which services do, for npm run report:culprits: HeldCase SHAPE. It is known which class grows and
 * what holds it. Each step keeps some 64 KiB, sixty times a second, after "ready".
 */
public class HeldCase {
  interface Work {
    void step(int n) throws Exception;
  }

  static final int UNIT = 64 << 10;

  static byte[] body() {
    return new byte[8 << 10];
  }

  static class EventBus {
    final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    void subscribe(Runnable listener) {
      listeners.add(listener);
    }
  }

  /** As each request of a servlet makes one and forgets to end it. */
  static class Registry {
    static final Map<String, Object> KNOWN = new ConcurrentHashMap<>();
  }

  record Tick(long at, double[] prices) {}

  static class Quotes {
    static final ConcurrentSkipListMap<Long, Tick> BY_TIME = new ConcurrentSkipListMap<>();
  }

  static class Mailer {
    static final ExecutorService SENDER = Executors.newSingleThreadExecutor(daemons("mailer"));
    static final CountDownLatch STUCK = new CountDownLatch(1);
  }

  static class Startup {
    static final CompletableFuture<Void> READY = new CompletableFuture<>();
  }

  static class Job implements Callable<Object> {
    final byte[] body = body();

    @Override
    public Object call() throws Exception {
      Mailer.STUCK.await();
      return null;
    }
  }

  static class Reminder extends TimerTask {
    final byte[] body = body();

    @Override
    public void run() {}
  }

  static class Reminders {
    static final Timer TIMER = new Timer("reminders", true);
  }

  static class Timeouts {
    static final ScheduledExecutorService WHEEL = new ScheduledThreadPoolExecutor(1, daemons("timeouts"));
  }

  static class Channel {
    final ArrayDeque<byte[]> outbound = new ArrayDeque<>();
  }

  /** One loop with fifty connections, of which none is flushed. */
  static class EventLoop {
    final Map<Integer, Channel> channels = new HashMap<>();
  }

  static class Handlers {
    static final List<MethodHandle> ALL = new ArrayList<>();

    static int handle(byte[] body, int n) {
      return body.length + n;
    }
  }

  interface Service {
    void call();
  }

  static class Proxies {
    static final Set<Service> MADE = Collections.synchronizedSet(Collections.newSetFromMap(new java.util.IdentityHashMap<>()));
  }

  static class Audit {
    static final List<byte[]> TRAIL = new ArrayList<>();
  }

  /** Its bound holds, and each entry is replaced within a second. */
  static class Lru {
    static final Map<Integer, byte[]> CACHE = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, byte[]> eldest) {
        return size() > 480;
      }
    };
  }

  static class Pool {
    static final ArrayDeque<byte[]> FREE = new ArrayDeque<>();
  }

  static class Seen {
    static final Set<Long> IDS = new HashSet<>();
  }

  static class Prices {
    static final Map<Long, Long> BY_ID = new HashMap<>();
  }

  static class Headers {
    static final Map<String, String> BY_USER = new ConcurrentHashMap<>();
  }

  static class Names {
    static final Map<String, String> ALIASES = new HashMap<>();
  }

  static class Tokens {
    static final Map<String, String> ISSUED = new HashMap<>();
  }

  static class Keyed {
    final byte[] body = body();
  }

  static class Decorations {
    static final Map<Keyed, Object[]> OF = new WeakHashMap<>();
  }

  static class Thumbs {
    static final Map<Integer, SoftReference<byte[]>> CACHE = new HashMap<>();
  }

  static class Report {
    static final ByteArrayOutputStream TEXT = new ByteArrayOutputStream();
  }

  static class Context {
    static final ThreadLocal<List<byte[]>> OF_REQUEST = ThreadLocal.withInitial(ArrayList::new);
  }

  static class Tree {
    static Leaf root;

    static void add(long key) {
      Leaf leaf = new Leaf(key);
      if (root == null) {
        root = leaf;
        return;
      }
      for (Leaf at = root; ; ) {
        if (key < at.key) {
          if (at.less == null) { at.less = leaf; return; }
          at = at.less;
        } else {
          if (at.more == null) { at.more = leaf; return; }
          at = at.more;
        }
      }
    }
  }

  static class Leaf {
    final long key;
    final byte[] body = body();
    Leaf less, more;

    Leaf(long key) {
      this.key = key;
    }
  }

  /** Each tenant has a cache of its own, and all tenants grow alike. */
  static class Tenant {
    final Map<Integer, byte[]> cache = new HashMap<>();
  }

  static class Tenants {
    static final Map<String, Tenant> ALL = new HashMap<>();
  }

  static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  static Work work(String shape) throws Exception {
    switch (shape) {
      case "listeners": {
        EventBus bus = new EventBus();
        KEPT.add(bus);
        return n -> eight(() -> {
          byte[] body = body();
          bus.subscribe(() -> body[0]++);
        });
      }
      case "library-map": return n -> eight(() -> Registry.KNOWN.put("session-" + COUNT++, new Object[] {body()}));
      case "records": return n -> Quotes.BY_TIME.put((long) n, new Tick(n, new double[UNIT / 8]));
      case "executor-queue":
        Mailer.SENDER.submit(() -> { Mailer.STUCK.await(); return null; });
        return n -> eight(() -> {
          byte[] body = body();
          Mailer.SENDER.submit(() -> body[0]++);
        });
      case "futures":
        return n -> eight(() -> {
          byte[] body = body();
          Startup.READY.thenRun(() -> body[0]++);
        });
      case "fork-join":
        return n -> eight(() -> ForkJoinPool.commonPool().submit(new Job()));
      case "timer": return n -> eight(() -> Reminders.TIMER.schedule(new Reminder(), 3600_000));
      case "cancelled-timeouts":
        return n -> eight(() -> {
          byte[] body = body();
          ScheduledFuture<?> timeout = Timeouts.WHEEL.schedule(() -> { body[0]++; }, 1, TimeUnit.HOURS);
          timeout.cancel(false);
        });
      case "event-loop": {
        EventLoop loop = new EventLoop();
        KEPT.add(loop);
        return n -> eight(() -> loop.channels.computeIfAbsent(COUNT++ % 50, id -> new Channel()).outbound.add(body()));
      }
      case "method-handles": {
        MethodHandle handle = MethodHandles.lookup().findStatic(Handlers.class, "handle", MethodType.methodType(int.class, byte[].class, int.class));
        return n -> eight(() -> Handlers.ALL.add(MethodHandles.insertArguments(handle, 0, (Object) body())));
      }
      case "proxies":
        return n -> eight(() -> {
          byte[] body = body();
          Proxies.MADE.add((Service) Proxy.newProxyInstance(HeldCase.class.getClassLoader(), new Class<?>[] {Service.class}, (self, method, args) -> {
            switch (method.getName()) {
              case "hashCode": return System.identityHashCode(self);
              case "equals": return self == args[0];
              default: return body[0]++;
            }
          }));
        });
      case "leak-beside-lru":
        for (int i = 0; i < 480; i++) Lru.CACHE.put(i, body());
        return n -> {
          for (int i = 0; i < 16; i++) Lru.CACHE.put(COUNT++, body());
          for (int i = 0; i < 8; i++) Audit.TRAIL.add(body());
        };
      case "lru":
        for (int i = 0; i < 480; i++) Lru.CACHE.put(i, body());
        return n -> { for (int i = 0; i < 24; i++) Lru.CACHE.put(COUNT++, body()); };
      case "leak-beside-pool":
        return n -> {
          breathe(n, 1000);
          for (int i = 0; i < 8; i++) Audit.TRAIL.add(body());
        };
      case "hash-set": return n -> { for (int i = 0; i < 1000; i++) Seen.IDS.add(COUNT++ * 0x9E3779B97F4A7C15L); };
      case "map-of-longs": return n -> { for (int i = 0; i < 600; i++) Prices.BY_ID.put(COUNT++ * 0x9E3779B97F4A7C15L, COUNT * 7919L); };
      case "map-of-strings": return n -> { for (int i = 0; i < 400; i++) Headers.BY_USER.put("user-" + COUNT++, "agent-" + COUNT); };
      case "two-maps-of-strings":
        return n -> {
          for (int i = 0; i < 200; i++) Names.ALIASES.put("name-" + COUNT++, "alias-" + COUNT);
          for (int i = 0; i < 200; i++) Tokens.ISSUED.put("user-" + COUNT++, "token-" + COUNT);
        };
      case "weak-keys":
        return n -> eight(() -> {
          Keyed key = new Keyed();
          Decorations.OF.put(key, new Object[] {key});
        });
      case "soft-references": return n -> eight(() -> Thumbs.CACHE.put(COUNT++, new SoftReference<>(body())));
      case "one-buffer": return n -> Report.TEXT.write(new byte[16 << 10]);
      case "thread-locals": {
        ExecutorService workers = Executors.newFixedThreadPool(4, daemons("worker"));
        return n -> eight(() -> workers.submit(() -> Context.OF_REQUEST.get().add(body())));
      }
      case "one-thread-local": {
        ExecutorService worker = Executors.newSingleThreadExecutor(daemons("worker"));
        return n -> eight(() -> worker.submit(() -> Context.OF_REQUEST.get().add(body())));
      }
      case "tree": {
        java.util.Random random = new java.util.Random(1);
        return n -> eight(() -> Tree.add(random.nextLong()));
      }
      case "tenants": return n -> eight(() -> Tenants.ALL.computeIfAbsent("tenant-" + COUNT % 20, id -> new Tenant()).cache.put(COUNT++, body()));
      case "virtual-threads": {
        Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
        java.lang.reflect.Method start = Class.forName("java.lang.Thread$Builder").getMethod("start", Runnable.class);
        return n -> eight(() -> {
          try {
            start.invoke(builder, (Runnable) HeldCase::handle);
          } catch (ReflectiveOperationException broken) {
            throw new IllegalStateException(broken);
          }
        });
      }
      case "locals-of-a-thread": { // a batch that reads everything into a list of its own
        Thread batch = new Thread(HeldCase::readAll, "batch");
        batch.setDaemon(true);
        batch.start();
        return n -> {};
      }
      default: throw new IllegalArgumentException("no shape " + shape);
    }
  }

  static void handle() {
    byte[] body = body();
    try {
      Mailer.STUCK.await();
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
    body[0]++;
  }

  static void readAll() {
    List<byte[]> rows = new ArrayList<>();
    try {
      for (;;) {
        eight(() -> rows.add(body()));
        Thread.sleep(16);
      }
    } catch (InterruptedException end) {
      System.err.println(rows.size());
    }
  }

  static int COUNT = 0;
  static final List<Object> KEPT = new ArrayList<>();

  static void eight(Runnable keep) {
    for (int i = 0; i < 8; i++) keep.run();
  }

  /** Up to `most` of the pool, and down again, every three seconds. */
  static void breathe(int n, int most) {
    long wanted = Math.round(most * (0.5 - 0.5 * Math.cos(2 * Math.PI * n / 180)));
    while (Pool.FREE.size() < wanted) Pool.FREE.add(body());
    while (Pool.FREE.size() > wanted) Pool.FREE.poll();
  }

  public static void main(String[] args) throws Exception {
    Work work = work(args[0]);
    System.out.println("ready");
    long began = System.nanoTime();
    for (int n = 1; ; n++) {
      work.step(n);
      long ahead = n * 1000L / 60 - (System.nanoTime() - began) / 1000000;
      if (ahead > 0) Thread.sleep(ahead);
    }
  }
}
