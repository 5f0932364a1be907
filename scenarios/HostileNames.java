import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A JVM whose names are hostile: HostileNames NAME FOLDER. Objects of a class called NAME become more, threads called NAME become more, and a file
 * called NAME in FOLDER grows. A class may have any name without . ; [ and /.
 */
public class HostileNames {
  /** What the class called NAME is made of. */
  public static class Template {
    final byte[] held = new byte[1000];
  }

  static final List<Object> KEPT = new ArrayList<>();

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

  /** The template under another name. Names in a class file have their length before them. */
  static Class<?> renamed(String name) throws Exception {
    String before = "HostileNames$Template";
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (InputStream in = HostileNames.class.getResourceAsStream(before + ".class")) {
      for (int b = in.read(); b >= 0; b = in.read()) bytes.write(b);
    }
    String file = bytes.toString("ISO-8859-1");
    String utf8 = new String(name.getBytes("UTF-8"), "ISO-8859-1");
    String changed = file.replace((char) 0 + "" + (char) before.length() + before,
        (char) (utf8.length() >> 8) + "" + (char) (utf8.length() & 255) + utf8);
    byte[] code = changed.getBytes("ISO-8859-1");
    return new ClassLoader(HostileNames.class.getClassLoader()) {
      Class<?> define() {
        return defineClass(null, code, 0, code.length);
      }
    }.define();
  }

  public static void main(String[] args) throws Exception {
    endWithInput();
    Class<?> hostile = renamed(args[0]);
    OutputStream log = new FileOutputStream(new File(args[1], args[0] + ".log"));
    byte[] line = new byte[1 << 18];
    CountDownLatch never = new CountDownLatch(1);
    System.out.println("ready");
    for (int n = 0; ; n++) {
      for (int i = 0; i < 200; i++) KEPT.add(hostile.getDeclaredConstructor().newInstance());
      if (n < 2000) log.write(line);
      if (n < 500) {
        Thread thread = new Thread(null, () -> {
          try {
            never.await();
          } catch (InterruptedException ended) {
            return;
          }
        }, args[0] + "-" + n, 1 << 18);
        thread.setDaemon(true);
        thread.start();
      }
      Thread.sleep(100);
    }
  }
}
