import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;

/**
 * Memory outside of the heap in shapes that are easily taken for another: HelperShapes SHAPE MB_PER_SECOND TOOL.
 * names: helper processes of twelve names that grow together. count: ever more helper processes, each of 6 MB, that never end.
 * sleepers: ever more helper processes that are as small as a shell and never end; MB_PER_SECOND is their number in a second.
 * buffers: threads that never end, and direct buffers beside them. deflaters: compressors that are never closed.
 * jvms: ever more JVMs that are started and never end, as daemons of a build are. zombies: one helper that starts others, which end at once, and does
 * not wait for them; MB_PER_SECOND is their number in a hundredth of a second.
 * killed: a helper that grows and is killed and started again every ten seconds, while the JVM lives on.
 * TOOL is a perl under the name of a tool; the other names are links beside it.
 */
public class HelperShapes {
  private static final List<Object> KEPT = new ArrayList<>();
  private static final String[] NAMES = {"awk", "convert", "exiftool", "ffmpeg", "gs", "magick", "pandoc", "pdftk", "qpdf", "soffice", "sox", "tesseract"};
  private static final int MB = 1 << 20;
  private static long began;
  private static double rate;

  public static void main(String[] args) throws Exception {
    rate = Double.parseDouble(args[1]);
    System.out.println("ready");
    began = System.nanoTime();
    switch (args[0]) {
      case "names": names(Path.of(args[2])); break;
      case "count": count(args[2]); break;
      case "sleepers": sleepers(args[2]); break;
      case "killed": killed(args[2]); break;
      case "jvms": jvms(); break;
      case "zombies": zombies(args[2]); break;
      case "idle": break;
      case "buffers": buffers(); break;
      case "deflaters": deflaters(); break;
      default: throw new IllegalArgumentException(args[0]);
    }
    System.in.read();
  }

  private static void pace(double megabytes) throws InterruptedException {
    long ahead = (long) (megabytes / rate * 1000) - (System.nanoTime() - began) / 1000000;
    if (ahead > 0) Thread.sleep(ahead);
  }

  private static void names(Path tool) throws Exception {
    String script = "my @kept; for (1 .. 2000) { push @kept, 'x' x 262144; select(undef, undef, undef, " + NAMES.length / 4.0 / rate + "); } sleep 100000;";
    for (String name : NAMES) {
      Path link = tool.resolveSibling(name);
      Files.createSymbolicLink(link, tool);
      KEPT.add(new ProcessBuilder(link.toString(), "-e", script).start());
    }
  }

  private static void count(String tool) throws Exception {
    for (int n = 1; n < 200; n++) {
      KEPT.add(new ProcessBuilder(tool, "-e", "my $kept = 'x' x 5000000; sleep 100000;").start());
      pace(6.0 * n);
    }
  }

  private static void sleepers(String tool) throws Exception {
    for (int i = 1; ; i++) {
      KEPT.add(new ProcessBuilder(tool, "-e", "sleep").start());
      pace(i);
    }
  }

  private static void jvms() throws Exception {
    String java = ProcessHandle.current().info().command().orElseThrow();
    String classes = System.getProperty("java.class.path");
    for (int n = 1; n < 60; n++) {
      List<String> command = List.of(java, "-XX:+UseSerialGC", "-Xms16m", "-Xmx16m", "-XX:+AlwaysPreTouch", "-cp", classes, "HelperShapes", "idle", "1");
      KEPT.add(new ProcessBuilder(command).start());
      pace(32.0 * n);
    }
  }

  private static void zombies(String tool) throws Exception {
    String script = "while (1) { for (1 .. " + (int) (rate * 10) + ") { my $child = fork; exit if defined $child && $child == 0; } select(undef, undef, undef, 0.1); }";
    KEPT.add(new ProcessBuilder(tool, "-e", script).start());
  }

  private static void killed(String tool) throws Exception {
    String script = "my @kept; while (1) { push @kept, 'x' x 1048576; select(undef, undef, undef, " + 1 / rate + "); }";
    while (true) {
      Process helper = new ProcessBuilder(tool, "-e", script).start();
      Thread.sleep(10000);
      helper.destroyForcibly().waitFor();
    }
  }

  /** Half of the rate is buffers; a thread touches some of its stack. */
  private static void buffers() throws Exception {
    for (int n = 1; n < 4000; n++) {
      Thread thread = new Thread(null, () -> deep(600), "worker-" + n, 2 * MB);
      thread.setDaemon(true);
      thread.start();
      if (n % 4 == 0) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(MB);
        for (int at = 0; at < MB; at += 512) buffer.put(at, (byte) 1);
        KEPT.add(buffer);
      }
      pace(n / 2.0);
    }
  }

  private static int deep(int calls) {
    long a = calls, b = calls * 3L, c = calls * 7L;
    if (calls == 0) sleep();
    return calls == 0 ? 0 : (int) (deep(calls - 1) + a + b + c);
  }

  private static void sleep() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private static void deflaters() throws Exception {
    byte[] text = new byte[60000];
    new java.util.Random(1).nextBytes(text);
    for (int n = 1; n < 10000; n++) {
      Deflater deflater = new Deflater();
      deflater.setInput(text);
      deflater.finish();
      deflater.deflate(new byte[70000]);
      KEPT.add(deflater);
      pace(n / 4.0);
    }
  }
}
