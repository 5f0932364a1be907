import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Scanner;

/** Asks an HSQLDB server: SqlClient URL. Each word of standard input is one request, "read" or "grow", answered by a line. */
public class SqlClient {
  public static void main(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection(args[0], "SA", "")) {
      connection.createStatement().execute("create table if not exists t (id identity, text varchar(8000))");
      PreparedStatement insert = connection.prepareStatement("insert into t (text) values (?)");
      Scanner words = new Scanner(System.in, "UTF-8");
      System.out.println("ready");
      while (words.hasNext()) {
        if (words.next().equals("grow")) {
          StringBuilder row = new StringBuilder();
          for (int i = 0; i < 4000; i++) row.append((char) ('a' + i % 26));
          for (int i = 0; i < 20; i++) {
            insert.setString(1, row.toString() + System.nanoTime());
            insert.executeUpdate();
          }
        } else {
          try (ResultSet rows = connection.createStatement().executeQuery("select count(*) from t")) {
            rows.next();
          }
        }
        System.out.println("done");
      }
    }
  }
}
