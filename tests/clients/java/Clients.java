import java.io.StringReader;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.Arrays;
import java.util.Properties;
import org.postgresql.PGConnection;

/** pgjdbc against a running server: java -cp … Clients.java PORT. */
public class Clients {
    static void check(String what, Object got, Object expected) {
        if (!expected.equals(got))
            throw new AssertionError(what + ": " + got + ", expected " + expected);
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static void insert(Connection connection) throws SQLException {
        String sql = "INSERT INTO java_items VALUES (?, ?, ?, ?, ?, ?, ?)";

        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (int i = 1; i <= 5; i++) {
                insert.setInt(1, i);
                insert.setString(2, i == 5 ? null : "name " + i);
                insert.setDouble(3, i / 4.0);
                insert.setBoolean(4, i % 2 == 0);
                insert.setBigDecimal(5, new BigDecimal("12.34"));
                insert.setBytes(6, new byte[] {0, (byte) 0xff});
                insert.setTimestamp(7, Timestamp.valueOf("2024-05-06 12:00:00.25"));
                if (i <= 2)
                    check("inserted", insert.executeUpdate(), 1);
                else
                    insert.addBatch();
            }
            check("batch", Arrays.toString(insert.executeBatch()), "[1, 1, 1]");
        }
    }

    /** The sixth run of a prepared statement takes binary results. */
    static void select(Connection connection) throws SQLException {
        String sql = "SELECT * FROM java_items WHERE id <= ? ORDER BY id";

        try (PreparedStatement select = connection.prepareStatement(sql)) {
            for (int run = 0; run < 8; run++) {
                select.setInt(1, 3);
                try (ResultSet rows = select.executeQuery()) {
                    int count = 0;

                    while (rows.next()) {
                        count++;
                        check("id", rows.getInt("id"), count);
                        check("name", rows.getString("name"), "name " + count);
                        check("ratio", rows.getDouble(3), count / 4.0);
                        check("flag", rows.getBoolean(4), count % 2 == 0);
                        check("price", rows.getBigDecimal(5), new BigDecimal("12.34"));
                        check("raw", Arrays.toString(rows.getBytes(6)), "[0, -1]");
                        check("at", rows.getTimestamp(7),
                              Timestamp.valueOf("2024-05-06 12:00:00.25"));
                    }
                    check("rows", count, 3);
                }
            }
        }
    }

    static void fetchByParts(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement first = connection.createStatement();
             Statement second = connection.createStatement()) {
            first.setFetchSize(2);
            second.setFetchSize(1);
            ResultSet a = first.executeQuery("SELECT id FROM java_items ORDER BY id");
            ResultSet b = second.executeQuery("SELECT id FROM java_items ORDER BY id");
            int sum = 0;

            while (a.next() && b.next())
                sum += a.getInt(1) * b.getInt(1);
            check("two results in turns", sum, 55);
        }
        try {
            execute(connection, "SELECT nothing FROM java_items");
            throw new AssertionError("an unknown column was found");
        } catch (SQLException error) {
            check("state", error.getSQLState(), "42703");
        }
        try {
            execute(connection, "SELECT 1");
            throw new AssertionError("a failed block went on");
        } catch (SQLException error) {
            check("state", error.getSQLState(), "25P02");
        }
        connection.rollback();
        connection.setAutoCommit(true);
    }

    static void timeOut(Connection connection) throws SQLException {
        execute(connection, "SET execution.runtime-mode = streaming");
        execute(connection, "CREATE TABLE IF NOT EXISTS java_endless (n BIGINT) WITH "
                            + "('connector' = 'datagen', 'rows-per-second' = '100')");
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            statement.executeQuery("SELECT n FROM java_endless");
            throw new AssertionError("an endless SELECT ended");
        } catch (SQLException error) {
            check("state", error.getSQLState(), "57014");
        }
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1);
            ResultSet rows = statement.executeQuery("SELECT n FROM java_endless");
            for (int i = 0; i < 10; i++)
                check("a row of the stream", rows.next(), true);
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    public static void main(String[] args) throws Exception {
        String url = "jdbc:postgresql://127.0.0.1:" + args[0] + "/test";

        for (String mode : new String[] {"extended", "simple", "extendedForPrepared"}) {
            Properties properties = new Properties();

            properties.setProperty("user", "test");
            properties.setProperty("preferQueryMode", mode);
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                check("valid", connection.isValid(5), true);
                execute(connection, "SET execution.runtime-mode = batch");
                execute(connection, "DROP TABLE IF EXISTS java_items");
                execute(connection, "CREATE TABLE java_items (id INT, name STRING, ratio DOUBLE, "
                                    + "flag BOOLEAN, price DECIMAL(10, 2), raw BYTES, "
                                    + "at TIMESTAMP(6)) WITH ('connector' = 'memory')");
                if (!mode.equals("simple")) { // it writes parameters as literals of PostgreSQL's
                    insert(connection);
                    select(connection);
                    fetchByParts(connection);
                    timeOut(connection);
                }
                long copied = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(
                    "COPY java_items (id, name) FROM STDIN", new StringReader("9\tnine\n"));
                check("copied", copied, 1L);
            }
            System.out.println("pgjdbc " + mode + " passed");
        }
    }
}
