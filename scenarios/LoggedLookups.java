import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.logging.FileHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A service whose log level is wrong: LoggedLookups LOG PROGRAM. Each 5 ms one line at level FINE to the file LOG, and 100 bytes to a
 * connection; each 300 ms a start of PROGRAM. It does so until its standard input ends.
 */
public class LoggedLookups {
  /** The class and the line that should be found. */
  static class GeoClient {
    private static final Logger LOG = Logger.getLogger("geo");

    void lookup(int n) {
      LOG.fine("looked up " + n + " in the cache of the continent, the country and the city");
    }
  }

  static class Thumbnails {
    void make(String program) throws Exception {
      new ProcessBuilder(program).start().waitFor();
    }
  }

  static class Metrics {
    private final OutputStream out;

    Metrics(OutputStream out) {
      this.out = out;
    }

    void send() throws Exception {
      out.write(new byte[100]);
    }
  }

  public static void main(String[] args) throws Exception {
    FileHandler handler = new FileHandler(args[0], true);
    handler.setLevel(Level.ALL);
    GeoClient.LOG.setLevel(Level.ALL);
    GeoClient.LOG.setUseParentHandlers(false);
    GeoClient.LOG.addHandler(handler);
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Metrics metrics = new Metrics(new Socket(server.getInetAddress(), server.getLocalPort()).getOutputStream());
    drain(server.accept().getInputStream());
    GeoClient client = new GeoClient();
    Thumbnails thumbnails = new Thumbnails();
    System.out.println("ready");
    for (int n = 0; System.in.available() >= 0; n++) {
      client.lookup(n);
      metrics.send();
      if (n % 60 == 0) thumbnails.make(args[1]);
      Thread.sleep(5);
    }
  }

  static void drain(InputStream in) {
    Thread reader = new Thread(() -> {
      byte[] buffer = new byte[1 << 16];
      try {
        while (in.read(buffer) >= 0) {} // what was sent does not matter
      } catch (java.io.IOException broken) {
        System.err.println("the connection broke: " + broken.getMessage());
      }
    });
    reader.setDaemon(true);
    reader.start();
  }
}
