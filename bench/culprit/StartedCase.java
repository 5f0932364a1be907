import java.io.File;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Proxy;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.zip.Deflater;

/**
 * Programs that start threads, define classes, take native memory, or write, send and start, in the ways in which services do, for npm run
 * report:culprits: StartedCase SHAPE FOLDER. Twenty steps a second, after "ready".
 */
public class StartedCase {
  interface Work {
    void step(int n) throws Exception;
  }

  static final CountDownLatch NEVER = new CountDownLatch(1);
  static final List<Object> KEPT = new ArrayList<>();
  static final ThreadLocal<Object> OF_REQUEST = new ThreadLocal<>();

  static void stay() {
    try {
      NEVER.await();
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  static class Client {
    /** Made for each request and never ended. */
    static void call() {
      ExecutorService own = Executors.newFixedThreadPool(1);
      own.submit(() -> null);
      KEPT.add(own);
    }
  }

  static class Uploads {
    static void deflate() {
      Deflater deflater = new Deflater();
      deflater.setInput(new byte[64]);
      deflater.deflate(new byte[64]);
      KEPT.add(deflater);
    }
  }

  /** As a script engine makes one for each script. */
  static class ScriptLoader extends ClassLoader {
    ScriptLoader() {
      super(StartedCase.class.getClassLoader());
    }

    Object eval(byte[] code) throws ReflectiveOperationException {
      return defineClass(null, code, 0, code.length).getDeclaredConstructor().newInstance();
    }
  }

  static class Scripts {
    static final Map<String, Object> COMPILED = new HashMap<>();
  }

  public static class Script {
    public byte[] state = new byte[16];

    public String run(String s) {
      return s + "a";
    }
  }

  public interface Service {
    String run(String s);
  }

  static byte[] codeOf(Class<?> type) throws Exception {
    try (InputStream in = type.getResourceAsStream("/" + type.getName() + ".class")) {
      return in.readAllBytes();
    }
  }

  static int HELD = 0;

  static Work work(String shape, File folder) throws Exception {
    byte[] code = codeOf(Script.class);
    switch (shape) {
      case "executors": return n -> every(n, 3, Client::call);
      case "timers": return n -> every(n, 3, () -> KEPT.add(new Timer(true)));
      case "http-clients": return n -> every(n, 5, () -> KEPT.add(java.net.http.HttpClient.newHttpClient()));
      case "common-pool": // a pool that makes up for workers that are blocked
        return n -> every(n, 3, () -> CompletableFuture.runAsync(() -> {
          try {
            ForkJoinPool.managedBlock(new ForkJoinPool.ManagedBlocker() {
              public boolean block() { stay(); return true; }
              public boolean isReleasable() { return false; }
            });
          } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
          }
        }));
      case "cached-pool": { // breathes
        ExecutorService pool = Executors.newCachedThreadPool();
        return n -> {
          if (n % 100 == 1) for (int i = 0; i < 60; i++) pool.submit(() -> { Thread.sleep(2500); return null; });
        };
      }
      case "named-by-request": // threads whose names have no number in common
        return n -> every(n, 3, () -> {
          Thread thread = new Thread(StartedCase::stay, "import of " + Long.toString(n * 7919L * 7919L % 1000003, 36).replaceAll("\\d", "q"));
          thread.setDaemon(true);
          thread.start();
        });
      case "virtual": {
        java.lang.reflect.Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        return n -> { for (int i = 0; i < 20; i++) start.invoke(null, (Runnable) StartedCase::stay); };
      }
      case "hidden": {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        return n -> { for (int i = 0; i < 5; i++) KEPT.add(lookup.defineHiddenClass(code, true).lookupClass()); };
      }
      case "scripts": return n -> { for (int i = 0; i < 3; i++) Scripts.COMPILED.put("return " + HELD++, new ScriptLoader().eval(code)); };
      case "scripts-dropped": return n -> { for (int i = 0; i < 3; i++) new ScriptLoader().eval(code); };
      case "scripts-bounded": {
        ArrayDeque<Object> cache = new ArrayDeque<>();
        for (int i = 0; i < 200; i++) cache.add(new ScriptLoader().eval(code));
        KEPT.add(cache);
        return n -> { for (int i = 0; i < 3; i++) { cache.poll(); cache.add(new ScriptLoader().eval(code)); } };
      }
      case "proxy-classes": { // of an interface in a new loader each time
        byte[] service = codeOf(Service.class);
        return n -> {
          for (int i = 0; i < 3; i++) {
            class InterfaceLoader extends ClassLoader {
              Class<?> define() { return defineClass(null, service, 0, service.length); }
            }
            Class<?> type = new InterfaceLoader().define();
            KEPT.add(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> null));
          }
        };
      }
      case "deflaters": return n -> { Uploads.deflate(); };
      case "deflaters-breathe": {
        ArrayDeque<Deflater> some = new ArrayDeque<>();
        return n -> {
          long wanted = Math.round(60 * (0.5 - 0.5 * Math.cos(2 * Math.PI * n / 55)));
          while (some.size() < wanted) {
            Deflater deflater = new Deflater();
            deflater.setInput(new byte[64]);
            deflater.deflate(new byte[64]);
            some.add(deflater);
          }
          while (some.size() > wanted) some.poll().end();
        };
      }
      case "unsafe": {
        java.lang.reflect.Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
        return n -> { for (int i = 0; i < 3; i++) unsafe.setMemory(unsafe.allocateMemory(64 << 10), 64 << 10, (byte) 1); };
      }
      case "mapped-buffers":
        return n -> every(n, 2, () -> {
          Path path = Files.createTempFile(folder.toPath(), "segment", ".idx");
          try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer map = file.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            for (int i = 0; i < 1 << 20; i += 4096) map.put(i, (byte) 1);
            KEPT.add(map);
          }
        });
      case "transfer": { // most by transferTo, which no event tells of, and a little by a stream
        File from = new File(folder, "from");
        try (OutputStream out = new FileOutputStream(from)) {
          out.write(new byte[1 << 20]);
        }
        FileChannel source = FileChannel.open(from.toPath(), StandardOpenOption.READ);
        FileChannel target = FileChannel.open(new File(folder, "backup.bin").toPath(), StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        OutputStream log = new FileOutputStream(new File(folder, "app.log"));
        return n -> {
          target.position(target.size());
          source.position(0);
          source.transferTo(0, 1 << 20, target);
          log.write("one more copy\n".getBytes());
        };
      }
      case "asynchronous-channel": {
        AsynchronousFileChannel channel = AsynchronousFileChannel.open(new File(folder, "async.bin").toPath(), StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        OutputStream log = new FileOutputStream(new File(folder, "app.log"));
        return n -> {
          channel.write(ByteBuffer.wrap(new byte[256 << 10]), n * (256L << 10)).get();
          log.write("one more block\n".getBytes());
        };
      }
      case "deleted-file": { // written on after it was deleted
        File file = new File(folder, "gone.tmp");
        OutputStream out = new FileOutputStream(file);
        file.delete();
        return n -> Spill.write(out);
      }
      case "wrapped-logger": return n -> Trace.log("an order was saved", new File(folder, "trace.log"));
      case "selector": { // NIO, as event loops do
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread reader = new Thread(() -> drain(server), "reader");
        reader.setDaemon(true);
        reader.start();
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));
        return n -> Feed.publish(channel);
      }
      case "datagrams": {
        DatagramSocket socket = new DatagramSocket();
        DatagramSocket to = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        return n -> { for (int i = 0; i < 10; i++) socket.send(new DatagramPacket(new byte[1000], 1000, InetAddress.getLoopbackAddress(), to.getLocalPort())); };
      }
      case "shell": {
        ExecutorService pool = Executors.newFixedThreadPool(2, task -> { Thread t = new Thread(task, "converter-" + ++HELD); t.setDaemon(true); return t; });
        return n -> every(n, 4, () -> pool.submit(() -> { Converter.convert(); return null; }));
      }
      case "descriptors": return n -> every(n, 1, () -> KEPT.add(new RandomAccessFile(new File("/proc/self/status"), "r")));
      default: throw new IllegalArgumentException("no shape " + shape);
    }
  }

  static class Spill {
    static void write(OutputStream out) throws Exception {
      out.write(new byte[32 << 10]);
    }
  }

  /** A logger of the program's own. */
  static class Trace {
    static void log(String text, File file) throws Exception {
      try (OutputStream out = new FileOutputStream(file, true)) {
        out.write((text + "\n").getBytes());
      }
    }
  }

  static class Feed {
    static void publish(SocketChannel channel) throws Exception {
      channel.write(ByteBuffer.wrap(new byte[8 << 10]));
    }
  }

  static class Converter {
    static void convert() throws Exception {
      new ProcessBuilder("/bin/sh", "-c", "true").start().waitFor();
    }
  }

  static void drain(ServerSocket server) {
    try (Socket socket = server.accept(); InputStream in = socket.getInputStream()) {
      byte[] some = new byte[8192];
      while (in.read(some) >= 0) {}
    } catch (java.io.IOException broken) {
      System.err.println(broken);
    }
  }

  interface Step {
    void run() throws Exception;
  }

  static void every(int n, int steps, Step step) throws Exception {
    if (n % steps == 0) step.run();
  }

  public static void main(String[] args) throws Exception {
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
