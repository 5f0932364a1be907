import java.io.BufferedWriter;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;

/**
 * Programs in which something leaks beside other things that do not, or in which nothing does, for npm run report:culprits: MixedCase SHAPE
 * FOLDER. Twenty steps a second, after "ready".
 */
public class MixedCase {
  interface Work {
    void step(int n) throws Exception;
  }

  interface Step {
    void run() throws Exception;
  }

  static final CountDownLatch NEVER = new CountDownLatch(1);
  static final List<Object> KEPT = new ArrayList<>();
  static int COUNT = 0;

  static void every(int n, int steps, Step step) throws Exception {
    if (n % steps == 0) step.run();
  }

  static void times(int count, Step step) throws Exception {
    for (int i = 0; i < count; i++) step.run();
  }

  /** Between 0 and `most`, up and down every three seconds. */
  static long breath(int n, int most) {
    return Math.round(most * (0.5 - 0.5 * Math.cos(2 * Math.PI * n / 60)));
  }

  static void daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  static void await(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  // heap

  static class Address {
    final String street, city;
    final long[] box = new long[4];

    Address(int n) {
      street = "street " + n;
      city = "city " + n;
    }
  }

  static class Customer {
    final String name;
    final List<Address> addresses = new ArrayList<>();

    Customer(int n) {
      name = "customer " + n;
      for (int i = 0; i < 3; i++) addresses.add(new Address(n * 3 + i));
    }
  }

  static class Customers {
    static final Map<String, Customer> BY_NAME = new HashMap<>();
  }

  static class Sessions {
    static final ArrayDeque<Map<String, Object>> LIVE = new ArrayDeque<>();
  }

  static class Index {
    static final java.util.TreeMap<String, List<String>> WORDS = new java.util.TreeMap<>();
  }

  static class Left {
    static final List<double[]> ROWS = new ArrayList<>();
  }

  static class Right {
    static final List<char[]> TEXTS = new ArrayList<>();
  }

  static class Middle {
    static final List<int[]> NUMBERS = new ArrayList<>();
  }

  // threads

  static class Sync {
    static void follow() {
      await(NEVER);
    }
  }

  static class Places {
    static void a() { await(NEVER); }
    static void b() { await(NEVER); }
    static void c() { await(NEVER); }
    static void d() { await(NEVER); }
  }

  static String word(long n) {
    StringBuilder text = new StringBuilder();
    for (long left = (n + 1) * 7919 * 7919 % 1000003; left > 0; left /= 26) text.append((char) ('a' + left % 26));
    return text.toString();
  }

  // metaspace

  static class PluginLoader extends ClassLoader {
    PluginLoader() {
      super(MixedCase.class.getClassLoader());
    }

    Object load() throws Exception {
      return defineClass(null, CODE, 0, CODE.length).getDeclaredConstructor().newInstance();
    }
  }

  public static class Plugin {
    /** Its loader has it, and so the value of a thread keeps both. */
    static final ThreadLocal<Plugin> CURRENT = new ThreadLocal<>();
    public byte[] state = new byte[64 << 10];

    public void enter() {
      CURRENT.set(this);
    }

    public String run(String s) {
      return s + "a";
    }
  }

  static byte[] CODE;

  // files, connections, programs

  static class Journal {
    static void append(File file, String text) throws Exception {
      try (BufferedWriter out = Files.newBufferedWriter(file.toPath(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        out.write(text);
      }
    }
  }

  static class Wire {
    static void push(OutputStream out, int bytes) throws Exception {
      out.write(new byte[bytes]);
    }

    static int pull(InputStream in, byte[] some) throws Exception {
      return in.read(some);
    }
  }

  static class Tool {
    static void start(String... command) throws Exception {
      Process process = new ProcessBuilder(command).start();
      process.waitFor(2, TimeUnit.SECONDS);
    }

    static void leave(String... command) throws Exception {
      KEPT.add(new ProcessBuilder(command).start());
    }

    static void exec(String command) throws Exception {
      Runtime.getRuntime().exec(command).waitFor();
    }
  }

  static class Reader {
    /** Reads the first bytes and forgets to close it. */
    static void first(File file) throws Exception {
      InputStream in = new FileInputStream(file);
      in.read(new byte[64]);
      KEPT.add(in);
    }
  }

  /** A server that answers what it reads if `answers`, and else swallows it. */
  static ServerSocket server(boolean answers) throws Exception {
    ServerSocket server = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
    daemon(() -> {
      try {
        for (;;) {
          Socket socket = server.accept();
          daemon(() -> serve(socket, answers), "served-" + ++COUNT);
        }
      } catch (java.io.IOException end) {
        System.err.println(end);
      }
    }, "server");
    return server;
  }

  static void serve(Socket socket, boolean answers) {
    try (InputStream in = socket.getInputStream(); OutputStream out = socket.getOutputStream()) {
      byte[] some = new byte[8192];
      for (int n; (n = in.read(some)) >= 0; ) if (answers) out.write(new byte[40 * n]);
    } catch (java.io.IOException end) {
      System.err.println(end);
    }
  }

  /** Another process, so that what it reads and writes is not this JVM's. */
  static int sink() throws Exception {
    Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx32m", "-XX:TieredStopAtLevel=1", "-cp",
        System.getProperty("java.class.path"), "MixedCase", "sink", ".").start();
    KEPT.add(process);
    return Integer.parseInt(new String(process.getInputStream().readNBytes(6), StandardCharsets.US_ASCII).trim());
  }

  /** Its standard input ends with the process that started it. */
  static void endWithParent() {
    daemon(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (java.io.IOException broken) {
        System.err.println(broken);
      }
      Runtime.getRuntime().halt(0);
    }, "parent");
  }

  static Socket connect(int port) throws Exception {
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }

  static File data(File folder, int n) throws Exception {
    File file = new File(folder, "data-" + n + ".csv");
    if (!file.exists()) Files.write(file.toPath(), new byte[128]);
    return file;
  }

  static Work work(String shape, File folder) throws Exception {
    switch (shape) {
      // heap
      case "customers": { // beside a large table that is stable, and texts that come and go
        KEPT.add(new byte[64 << 20]);
        ArrayDeque<String> texts = new ArrayDeque<>();
        return n -> {
          times(600, () -> Customers.BY_NAME.put("customer " + COUNT, new Customer(COUNT++)));
          long wanted = breath(n, 2000);
          while (texts.size() < wanted) texts.add("text " + n + texts.size());
          while (texts.size() > wanted) texts.poll();
        };
      }
      case "sessions-expire": // each lives three seconds
        return n -> {
          for (int i = 0; i < 200; i++) {
            Map<String, Object> session = new HashMap<>();
            session.put("cart " + COUNT++, new byte[1024]);
            Sessions.LIVE.add(session);
          }
          while (Sessions.LIVE.size() > 200 * 60) Sessions.LIVE.poll();
        };
      case "index": return n -> times(400, () -> Index.WORDS.computeIfAbsent(word(COUNT++ % 100_000), w -> new ArrayList<>()).add("page " + COUNT));
      case "three-lists": // alike, in three places
        return n -> {
          times(8, () -> Left.ROWS.add(new double[1000]));
          times(8, () -> Right.TEXTS.add(new char[4000]));
          times(8, () -> Middle.NUMBERS.add(new int[2000]));
        };
      // threads
      case "named-by-city": { // beside a pool that breathes
        ArrayDeque<CountDownLatch> pool = new ArrayDeque<>();
        return n -> {
          every(n, 3, () -> daemon(Sync::follow, "sync of " + word(n)));
          long wanted = breath(n, 15);
          while (pool.size() < wanted) {
            CountDownLatch end = new CountDownLatch(1);
            pool.add(end);
            daemon(() -> await(end), "pool-" + pool.size());
          }
          while (pool.size() > wanted) pool.poll().countDown();
        };
      }
      case "four-places": { // whose names have nothing in common
        Runnable[] places = {Places::a, Places::b, Places::c, Places::d};
        return n -> every(n, 2, () -> daemon(places[COUNT % 4], "job " + word(COUNT++)));
      }
      case "idle-executors": // of six names, all idle in the JDK alone
        return n -> every(n, 2, () -> {
          String name = "executor " + "abcdef".charAt(COUNT++ % 6);
          ExecutorService own = Executors.newFixedThreadPool(1, task -> { Thread t = new Thread(task, name); t.setDaemon(true); return t; });
          own.submit(() -> null);
          KEPT.add(own);
        });
      // metaspace
      case "plugin-in-thread-local": { // each with 1 MB of other allocations
        ExecutorService workers = Executors.newFixedThreadPool(4, task -> { Thread t = new Thread(task, "worker"); t.setDaemon(true); return t; });
        return n -> every(n, 10, () -> workers.submit(() -> {
          byte[][] work = new byte[64][];
          for (int i = 0; i < work.length; i++) work[i] = new byte[16 << 10];
          Object plugin = new PluginLoader().load();
          plugin.getClass().getMethod("enter").invoke(plugin);
          return work.length;
        }));
      }
      case "plugin-context": // threads that were started for it and run on
        return n -> every(n, 6, () -> {
          PluginLoader loader = new PluginLoader();
          Object plugin = loader.load();
          Thread thread = new Thread(() -> { await(NEVER); KEPT.add(plugin); }, "plugin-" + ++COUNT);
          thread.setContextClassLoader(loader);
          thread.setDaemon(true);
          thread.start();
        });
      case "warm-up": { // of the program's own classes: proxies, for two seconds
        return n -> {
          if (n <= 40)
            times(4, () -> KEPT.add(new PluginLoader().load()));
        };
      }
      // native
      case "slices": { // of large direct buffers, beside Deflaters that come and go
        ArrayDeque<Deflater> some = new ArrayDeque<>();
        return n -> {
          ByteBuffer chunk = ByteBuffer.allocateDirect(256 << 10);
          for (int i = 0; i < chunk.capacity(); i += 4096) chunk.put(i, (byte) 1);
          for (int i = 0; i < 16; i++) KEPT.add(chunk.slice());
          long wanted = breath(n, 30);
          while (some.size() < wanted) {
            Deflater deflater = new Deflater();
            deflater.setInput(new byte[64]);
            deflater.deflate(new byte[64]);
            some.add(deflater);
          }
          while (some.size() > wanted) some.poll().end();
        };
      }
      case "dropped-buffers": // wait for a collection
        return n -> times(3, () -> {
          ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
          for (int i = 0; i < buffer.capacity(); i += 4096) buffer.put(i, (byte) 1);
        });
      // page cache
      case "journal": { // beside a larger file that is read again and again
        File journal = new File(folder, "journal.log"), large = new File(folder, "large.bin");
        Files.write(large.toPath(), new byte[4 << 20]);
        String text = "a".repeat(20_000);
        return n -> {
          Journal.append(journal, text);
          Files.readAllBytes(large.toPath());
        };
      }
      case "another-process": { // writes, and the JVM a little
        File log = new File(folder, "app.log");
        return n -> {
          every(n, 5, () -> new ProcessBuilder("dd", "if=/dev/zero", "of=" + folder + "/dump.bin", "bs=1M", "count=1", "oflag=append", "conv=notrunc")
              .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor());
          Journal.append(log, "one more\n");
        };
      }
      // sockets
      case "sink": {
        endWithParent();
        ServerSocket server = server(false);
        System.out.printf("%5d%n", server.getLocalPort());
        return n -> {};
      }
      case "push": { // beside two that get little
        OutputStream most = connect(sink()).getOutputStream();
        OutputStream[] few = {connect(sink()).getOutputStream(), connect(sink()).getOutputStream()};
        return n -> {
          Wire.push(most, 20_000);
          Wire.push(few[n % 2], 2000);
        };
      }
      case "pull": { // a server of which much is read
        Socket socket = connect(server(true).getLocalPort());
        byte[] some = new byte[64 << 10];
        return n -> {
          Wire.push(socket.getOutputStream(), 100);
          for (int left = 4000; left > 0; ) left -= Wire.pull(socket.getInputStream(), some);
        };
      }
      case "short-connections": { // one for each request, to one peer
        int port = sink();
        return n -> {
          try (Socket socket = connect(port)) {
            Wire.push(socket.getOutputStream(), 4000);
          }
        };
      }
      case "http": {
        com.sun.net.httpserver.HttpServer server = com.sun.net.httpserver.HttpServer.create(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> { exchange.getRequestBody().readAllBytes(); exchange.sendResponseHeaders(204, -1); exchange.close(); });
        server.start();
        java.net.URL url = new java.net.URL("http://127.0.0.1:" + server.getAddress().getPort() + "/");
        return n -> Upload.post(url);
      }
      case "served-clients": { // each gets a page when it comes
        ServerSocket own = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        sinkClients(own.getLocalPort());
        daemon(() -> {
          try {
            for (;;) {
              Socket socket = own.accept();
              KEPT.add(socket);
              Wire.push(socket.getOutputStream(), 4000);
            }
          } catch (Exception end) {
            System.err.println(end);
          }
        }, "acceptor");
        return n -> {};
      }
      case "three-peers": { // alike
        OutputStream[] peers = {connect(sink()).getOutputStream(), connect(sink()).getOutputStream(), connect(sink()).getOutputStream()};
        return n -> { for (OutputStream peer : peers) Wire.push(peer, 4000); };
      }
      case "idle-peers": { // connected, and silent
        for (int i = 0; i < 20; i++) KEPT.add(connect(server(false).getLocalPort()));
        return n -> {};
      }
      case "files-only": { // a connection that is open, and a log
        KEPT.add(connect(server(false).getLocalPort()));
        return n -> Journal.append(new File(folder, "app.log"), "one more\n");
      }
      // programs
      case "exec": return n -> every(n, 4, () -> Tool.exec("/bin/true"));
      case "scheduled": {
        java.util.concurrent.ScheduledExecutorService clock = Executors.newScheduledThreadPool(1, task -> { Thread t = new Thread(task, "probe"); t.setDaemon(true); return t; });
        clock.scheduleAtFixedRate(() -> {
          try {
            Tool.start("/bin/ls", "/");
          } catch (Exception broken) {
            throw new IllegalStateException(broken);
          }
        }, 0, 200, TimeUnit.MILLISECONDS);
        return n -> every(n, 20, () -> Tool.start("/bin/true"));
      }
      case "stays": return n -> every(n, 20, () -> Tool.leave("/bin/sleep", "20"));
      case "from-threads": // a thread for each
        return n -> every(n, 4, () -> daemon(() -> {
          try {
            Tool.start("/bin/echo", "one");
          } catch (Exception broken) {
            throw new IllegalStateException(broken);
          }
        }, "thumb-" + n));
      case "three-programs": return n -> every(n, 3, () -> Tool.start(new String[] {"/bin/true", "/bin/false", "/bin/ls"}[COUNT++ % 3]));
      case "started-before": {
        Process process = new ProcessBuilder("/bin/sleep", "60").start();
        KEPT.add(process);
        return n -> {};
      }
      case "threads-only": return n -> every(n, 3, () -> daemon(() -> {}, "short-" + n));
      // descriptors
      case "open-unread": return n -> every(n, 2, () -> KEPT.add(new RandomAccessFile("/proc/self/status", "r")));
      case "open-read":
        for (int i = 0; i < 500; i++) data(folder, i); // so that it is only read from then on
        return n -> every(n, 2, () -> Reader.first(data(folder, COUNT++)));
      case "open-deleted":
        return n -> every(n, 2, () -> {
          File upload = File.createTempFile("upload", ".tmp", folder);
          OutputStream out = new FileOutputStream(upload);
          out.write(new byte[100]);
          upload.delete();
          KEPT.add(out);
        });
      case "client-sockets": { // which the server has closed
        ServerSocket closing = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        return n -> every(n, 2, () -> {
          KEPT.add(connect(closing.getLocalPort()));
          closing.accept().close();
        });
      }
      case "accepted-sockets": {
        ServerSocket own = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        sinkClients(own.getLocalPort());
        daemon(() -> {
          try {
            for (;;) KEPT.add(own.accept());
          } catch (java.io.IOException end) {
            System.err.println(end);
          }
        }, "acceptor");
        return n -> {};
      }
      case "selectors": return n -> every(n, 2, () -> KEPT.add(Selector.open()));
      case "leak-beside-open": { // files that are open from the start, and some that come and go
        times(300, () -> KEPT.add(new FileInputStream(data(folder, COUNT++))));
        ArrayDeque<InputStream> pool = new ArrayDeque<>();
        File other = new File(folder, "other.bin");
        Files.write(other.toPath(), new byte[10]);
        return n -> {
          every(n, 2, () -> KEPT.add(new RandomAccessFile("/proc/self/status", "r")));
          long wanted = breath(n, 30);
          while (pool.size() < wanted) pool.add(new FileInputStream(other));
          while (pool.size() > wanted) pool.poll().close();
        };
      }
      case "open-stable": {
        times(500, () -> KEPT.add(new FileInputStream(data(folder, COUNT++))));
        return n -> {};
      }
      case "open-breathing": {
        ArrayDeque<InputStream> pool = new ArrayDeque<>();
        File other = data(folder, 0);
        return n -> {
          long wanted = breath(n, 100);
          while (pool.size() < wanted) pool.add(new FileInputStream(other));
          while (pool.size() > wanted) pool.poll().close();
        };
      }
      case "open-filling": return n -> { if (n <= 100) times(3, () -> KEPT.add(new FileInputStream(data(folder, COUNT++)))); };
      case "three-kinds": { // alike
        ServerSocket own = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        File first = data(folder, 0);
        return n -> every(n, 3, () -> {
          KEPT.add(new FileInputStream(first));
          KEPT.add(new RandomAccessFile("/proc/self/status", "r"));
          KEPT.add(connect(own.getLocalPort()));
          own.accept().close();
        });
      }
      case "random-names": // in one folder
        return n -> every(n, 2, () -> KEPT.add(new FileInputStream(Files.createFile(Path.of(folder.getPath(), word(COUNT++) + ".part")).toFile())));
      default: throw new IllegalArgumentException("no shape " + shape);
    }
  }

  static class Upload {
    static void post(java.net.URL url) throws Exception {
      java.net.HttpURLConnection connection = (java.net.HttpURLConnection) url.openConnection();
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      connection.getOutputStream().write(new byte[8000]);
      connection.getResponseCode();
    }
  }

  /** Another process that connects to a port, ten times a second. */
  static void sinkClients(int port) throws Exception {
    Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx32m", "-XX:TieredStopAtLevel=1", "-cp",
        System.getProperty("java.class.path"), "MixedCase", "clients:" + port, ".").start();
    KEPT.add(process);
  }

  public static void main(String[] args) throws Exception {
    if (args[0].startsWith("clients:")) {
      endWithParent();
      int port = Integer.parseInt(args[0].substring(8));
      for (;;) {
        KEPT.add(connect(port));
        Thread.sleep(100);
      }
    }
    try (InputStream in = Plugin.class.getResourceAsStream("/MixedCase$Plugin.class")) {
      CODE = in.readAllBytes();
    }
    Work work = work(args[0], new File(args[1]));
    System.out.println("ready");
    long began = System.nanoTime();
    for (int n = 1; ; n++) {
      work.step(n);
      long ahead = n * 1000L / 20 - (System.nanoTime() - began) / 1000000;
      if (ahead > 0) Thread.sleep(ahead);
    }
  }
}
