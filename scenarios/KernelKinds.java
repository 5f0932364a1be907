import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernel memory that a program holds: KernelKinds sock|pipes|page-tables MB_PER_SECOND TOTAL_MB. Sockets that nobody reads, full pipes, or memory of
 * which one page in 2 MiB is read, so that its page tables are all that it takes.
 */
public class KernelKinds {
  static final int MB = 1 << 20;
  static final int SENT = 256 << 10;
  /** What a pipe takes before its writer has to wait. */
  static final int PIPE = 64 << 10;
  /** A page of page tables maps this much. */
  static final int MAPPED = 2 * MB;
  static final int PAGE = 4096;

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

  interface Step {
    void take() throws Exception;
  }

  static Step unreadSockets() throws Exception {
    ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    List<Socket> held = new ArrayList<>();
    byte[] sent = new byte[SENT];
    return () -> {
      for (int i = 0; i < MB / SENT; i++) {
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        client.setSendBufferSize(2 * SENT);
        held.add(client);
        held.add(server.accept());
        client.getOutputStream().write(sent);
      }
    };
  }

  static Step fullPipes() {
    List<Pipe> held = new ArrayList<>();
    ByteBuffer sent = ByteBuffer.allocateDirect(PIPE);
    return () -> {
      for (int i = 0; i < MB / PIPE; i++) {
        Pipe pipe = Pipe.open();
        pipe.sink().configureBlocking(false);
        pipe.sink().write(sent.clear());
        held.add(pipe);
      }
    };
  }

  static Step sparseMemory() throws Exception {
    sun.misc.Unsafe unsafe = unsafe();
    long length = (long) MAPPED * (MB / PAGE);
    return () -> {
      long block = unsafe.allocateMemory(length);
      for (long at = 0; at < length; at += MAPPED) unsafe.getByte(block + at);
    };
  }

  public static void main(String[] args) throws Exception {
    Step step = args[0].equals("sock") ? unreadSockets() : args[0].equals("pipes") ? fullPipes() : sparseMemory();
    double rate = Double.parseDouble(args[1]);
    int total = Integer.parseInt(args[2]);
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    for (int mb = 1; mb <= total; mb++) {
      step.take();
      System.out.println("allocated " + (long) mb * MB);
      pace(began, mb, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
