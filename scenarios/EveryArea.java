import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

/**
 * Some of every area of a JVM's memory, and then quiet: EveryArea HEAP_MB DIRECT_MB THREADS CLASSES FILE_MB FILE. Each line of standard
 * input is a command with a WORD of the caller's: "collect WORD" (answers "collected WORD BYTES", what a full collection left), "grow WORD
 * HEAP_MB CLASSES" ("grown WORD"), and "say WORD", which prints what the JVM's own beans say, one "NAME NUMBER" a line, then "said WORD".
 */
public class EveryArea {
  static final int MB = 1 << 20;
  static final List<Object> kept = new ArrayList<>();
  static final Loader loader = new Loader();
  static byte[] code;
  static List<Integer> numbersAt;
  static int classes;

  /** What is loaded under many names of one length. */
  public static class Ballast00000 {
    public String a(String s) { return s + "a"; }
    public String b(String s) { return s + "b"; }
    public String c(String s) { return s + "c"; }
    public long d(long x) { return x * 31 + 7; }
    public long e(long x) { return x * 37 + 11; }
  }

  static final class Loader extends ClassLoader {
    Loader() {
      super(EveryArea.class.getClassLoader());
    }

    Class<?> define(byte[] some) {
      return defineClass(null, some, 0, some.length);
    }
  }

  static byte[] bytesOf(Class<?> type) throws java.io.IOException {
    try (InputStream in = type.getResourceAsStream("/" + type.getName() + ".class")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] some = new byte[8192];
      for (int n; (n = in.read(some)) > 0; ) out.write(some, 0, n);
      return out.toByteArray();
    }
  }

  /** The class file with another number in its name. */
  static byte[] renamed(int number) {
    byte[] all = code.clone();
    byte[] digits = String.format("%05d", number).getBytes(StandardCharsets.US_ASCII);
    for (int at : numbersAt) System.arraycopy(digits, 0, all, at, digits.length);
    return all;
  }

  /** Where the class file has the number of its name. */
  static List<Integer> numbersIn(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    List<Integer> found = new ArrayList<>();
    for (int at = text.indexOf("Ballast00000"); at >= 0; at = text.indexOf("Ballast00000", at + 1)) found.add(at + 7);
    return found;
  }

  static void loadClasses(int count) throws Exception {
    for (int i = 0; i < count; i++) kept.add(loader.define(renamed(++classes)).getDeclaredConstructor().newInstance());
  }

  static void holdHeap(int megabytes) {
    for (int i = 0; i < megabytes * 16; i++) kept.add(new byte[64 << 10]);
  }

  static void say(String name, long value) {
    System.out.println(name + " " + value);
  }

  static void sayUsage(String name, MemoryUsage usage) {
    say(name + ".used", usage.getUsed());
    say(name + ".committed", usage.getCommitted());
    say(name + ".max", usage.getMax());
  }

  /** As it was when the collection ended: what is used now holds the buffers of threads that have allocated since. */
  static long usedAfterCollection() {
    long used = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage after = pool.getCollectionUsage(); // null where the pool is not collected
      if (pool.getType() == MemoryType.HEAP) used += (after == null ? pool.getUsage() : after).getUsed();
    }
    return used;
  }

  static void sayAll() {
    sayUsage("heap", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage());
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getName().equals("Metaspace")) sayUsage("metaspace", pool.getUsage());
      if (pool.getName().equals("Compressed Class Space")) sayUsage("class-space", pool.getUsage());
    }
    say("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    say("classes", ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class))
      if (pool.getName().equals("direct")) say("direct", pool.getMemoryUsed());
    long collections = 0;
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) collections += bean.getCollectionCount();
    say("collections", collections);
  }

  public static void main(String[] args) throws Exception {
    code = bytesOf(Ballast00000.class);
    numbersAt = numbersIn(code);
    holdHeap(Integer.parseInt(args[0]));
    for (int i = 0; i < Integer.parseInt(args[1]); i++) kept.add(ByteBuffer.allocateDirect(MB));
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      Thread idle = new Thread(() -> java.util.concurrent.locks.LockSupport.park(EveryArea.class));
      idle.setDaemon(true);
      idle.start();
    }
    loadClasses(Integer.parseInt(args[3]));
    RandomAccessFile file = new RandomAccessFile(new File(args[5]), "rw");
    kept.add(file);
    for (int i = 0; i < Integer.parseInt(args[4]); i++) file.write(new byte[MB]);
    System.out.println("ready");
    Scanner commands = new Scanner(System.in, "UTF-8");
    while (commands.hasNext()) {
      String command = commands.next();
      String word = commands.next();
      if (command.equals("collect")) {
        System.gc();
        System.out.println("collected " + word + " " + usedAfterCollection());
      } else if (command.equals("grow")) {
        holdHeap(commands.nextInt());
        loadClasses(commands.nextInt());
        System.out.println("grown " + word);
      } else if (command.equals("say")) {
        sayAll();
        System.out.println("said " + word);
      } else throw new IllegalArgumentException("commands are collect, grow, say; found " + command);
    }
    Runtime.getRuntime().halt(0);
  }
}
