import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.logging.FileHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Programs of which it is known what writes a file, uses a connection or starts a program, for npm run report:culprits: RecordedCase SHAPE
 * FOLDER PORT PORT. Servers at the ports read all that is sent. Each runs some two hundred steps a second, after "ready".
 */
public class RecordedCase {
  /** What is done at one step. */
  interface Work {
    void step(int n) throws Exception;
  }

  static final byte[] LINE = new byte[400];

  static class Orders {
    static void save(OutputStream out) throws Exception {
      out.write(LINE);
    }

    static void save(FileChannel out) throws Exception {
      out.write(ByteBuffer.wrap(LINE));
    }

    static void save(RandomAccessFile out) throws Exception {
      out.write(LINE);
    }

    static void debug(Logger log) {
      log.fine("an order was saved, with all that belongs to it, and here is what that was");
    }

    static void send(OutputStream out) throws Exception {
      out.write(LINE);
    }

    static void print(String program) throws Exception {
      new ProcessBuilder(program).start().waitFor();
    }
  }

  static class Others {
    static void a(OutputStream out) throws Exception { out.write(LINE); }
    static void b(OutputStream out) throws Exception { out.write(LINE); }
    static void c(OutputStream out) throws Exception { out.write(LINE); }
    static void print(String program) throws Exception { new ProcessBuilder(program).start().waitFor(); }
  }

  static OutputStream file(String folder, String name) throws Exception {
    return new FileOutputStream(folder + "/" + name, true);
  }

  static OutputStream connection(int port) throws Exception {
    return new Socket(InetAddress.getLoopbackAddress(), port).getOutputStream();
  }

  static Logger logger(String folder) throws Exception {
    Logger log = Logger.getLogger("orders");
    log.setLevel(Level.ALL);
    log.setUseParentHandlers(false);
    FileHandler handler = new FileHandler(folder + "/app.log", true);
    handler.setLevel(Level.ALL);
    log.addHandler(handler);
    return log;
  }

  static Work work(String shape, String folder, int[] ports) throws Exception {
    switch (shape) {
      case "stream": {
        OutputStream out = file(folder, "app.log");
        return n -> Orders.save(out);
      }
      case "channel": {
        FileChannel out = FileChannel.open(Path.of(folder, "app.log"), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        return n -> Orders.save(out);
      }
      case "random-access": {
        RandomAccessFile out = new RandomAccessFile(folder + "/app.log", "rw");
        return n -> Orders.save(out);
      }
      case "logger": {
        Logger log = logger(folder);
        return n -> Orders.debug(log);
      }
      case "two-files": {
        OutputStream[] out = {file(folder, "app.log"), file(folder, "other.log")};
        return n -> {
          Orders.save(out[0]);
          if (n % 4 == 0) Others.a(out[1]);
        };
      }
      case "three-lines": {
        OutputStream out = file(folder, "app.log");
        return n -> {
          Others.a(out);
          Others.b(out);
          Others.c(out);
        };
      }
      case "many-files":
        return n -> {
          try (OutputStream out = file(folder, "part-" + n % 50)) {
            Orders.save(out);
          }
        };
      case "three-folders": {
        for (String name : new String[] {"a", "b", "c"}) new java.io.File(folder, name).mkdir();
        OutputStream[] out = {file(folder, "a/x"), file(folder, "b/x"), file(folder, "c/x")};
        return n -> {
          Others.a(out[0]);
          Others.b(out[1]);
          Others.c(out[2]);
        };
      }
      case "only-read": {
        try (OutputStream out = file(folder, "read")) {
          out.write(new byte[1 << 20]);
        }
        return n -> {
          try (FileInputStream in = new FileInputStream(folder + "/read")) {
            in.readAllBytes();
          }
        };
      }
      case "mapped": {
        FileChannel out = FileChannel.open(
            Path.of(folder, "mapped"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        MappedByteBuffer map = out.map(FileChannel.MapMode.READ_WRITE, 0, 32 << 20);
        return n -> map.put(n * 4096 % (32 << 20), (byte) 1);
      }
      case "connection": {
        OutputStream[] out = {connection(ports[0]), connection(ports[1])};
        return n -> {
          Orders.send(out[0]);
          if (n % 10 == 0) Others.a(out[1]);
        };
      }
      case "no-connection":
        return n -> Thread.sleep(1);
      case "program":
        return n -> {
          if (n % 40 == 0) Orders.print("/bin/true");
          if (n % 200 == 0) Others.print("/bin/false");
        };
      case "no-program":
        return n -> Thread.sleep(1);
      default:
        throw new IllegalArgumentException("no shape " + shape);
    }
  }

  public static void main(String[] args) throws Exception {
    Work work = work(args[0], args[1], new int[] {Integer.parseInt(args[2]), Integer.parseInt(args[3])});
    System.out.println("ready");
    for (int n = 0; System.in.available() >= 0; n++) {
      work.step(n);
      Thread.sleep(5);
    }
  }
}
