package dev.freshet.postgres;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.jdbcurlresolver.PgPassParser;

/**
 * Where a PostgreSQL database is and who connects, read from a libpq URI ({@code
 * postgresql://user:password@host:port/database?parameter=value}) or a JDBC URL ({@code
 * jdbc:postgresql://host:port/database?user=…}).
 *
 * <p>Several hosts, separated by commas, are those that one system's primary may be on. A password
 * that the URL leaves out is looked up where libpq looks: in {@code PGPASSFILE}, else {@code
 * ~/.pgpass}. {@link #toString} never shows it.
 *
 * @param servers at least one
 * @param database name of the database
 * @param user role to connect as
 * @param password null when none is given, here or in a password file
 * @param parameters further connection parameters by name
 */
public record PostgresUrl(
    List<Server> servers,
    String database,
    String user,
    @Nullable String password,
    Map<String, String> parameters) {

  private static final int DEFAULT_PORT = 5432;

  private static final Pattern FORM =
      Pattern.compile(
          "(?:jdbc:postgresql|postgresql|postgres)://"
              + "(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?"
              + "(?<servers>%1$s(?:,%1$s)*)"
                  .formatted("(?:\\[[^\\]]+]|[^:/?,\\[\\]]+)(?::\\d{1,5})?")
              + "/(?<database>[^?]+)(?:\\?(?<query>.*))?");

  /**
   * A server.
   *
   * @param host host name or address
   * @param port TCP port
   */
  public record Server(String host, int port) {

    private static Server parse(String text) {
      int colon = text.lastIndexOf(':');
      return colon > text.lastIndexOf(']')
          ? new Server(
              decode(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)))
          : new Server(decode(text), DEFAULT_PORT);
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  public PostgresUrl {
    servers = List.copyOf(servers);
    parameters = Map.copyOf(parameters);
  }

  /**
   * Parses either form.
   *
   * @throws IllegalArgumentException when it is neither, saying what a URL looks like; the text is
   *     not repeated, as it may hold a password
   */
  public static PostgresUrl parse(String url) {
    Matcher parts = FORM.matcher(url);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "Not a PostgreSQL URL; expected postgresql://user@host:5432/database"
              + " or jdbc:postgresql://host:5432/database?user=…");
    }
    Map<String, String> parameters = query(parts.group("query"));
    String user = decoded(parts.group("user"));
    String fromQuery = parameters.remove("user");
    String password = decoded(parts.group("password"));
    String passwordFromQuery = parameters.remove("password");
    return new PostgresUrl(
            Arrays.stream(parts.group("servers").split(",", -1)).map(Server::parse).toList(),
            decode(parts.group("database")),
            user != null && !user.isEmpty() ? user : fromQuery != null ? fromQuery : "postgres",
            password != null ? password : passwordFromQuery,
            parameters)
        .withPasswordFromFile();
  }

  private PostgresUrl withPasswordFromFile() {
    if (password != null) {
      return this;
    }
    return withPassword(PgPassParser.getPassword(host(), Integer.toString(port()), database, user));
  }

  public PostgresUrl withPassword(@Nullable String password) {
    return new PostgresUrl(servers, database, user, password, parameters);
  }

  /** The first server's host. */
  public String host() {
    return servers.getFirst().host();
  }

  /** The first server's port. */
  public int port() {
    return servers.getFirst().port();
  }

  /** The same for each server alone. */
  public List<PostgresUrl> each() {
    return servers.stream()
        .map(server -> new PostgresUrl(List.of(server), database, user, password, parameters))
        .toList();
  }

  /** What to connect by, beside {@link #jdbcUrl}. */
  public Properties properties(String applicationName, Duration connectTimeout) {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    if (password != null) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", applicationName);
    properties.setProperty("connectTimeout", Long.toString(connectTimeout.toSeconds()));
    properties.setProperty("tcpKeepAlive", "true");
    return properties;
  }

  /**
   * Opens a connection.
   *
   * @param properties as of {@link #properties}, with what else the connection needs
   * @throws NotConnected when there is none to be had
   */
  public Connection connect(Properties properties) throws NotConnected {
    try {
      return DriverManager.getConnection(jdbcUrl(), properties);
    } catch (SQLException e) {
      throw new NotConnected(this, e);
    }
  }

  private String authority() {
    return servers.stream().map(Server::toString).collect(Collectors.joining(","));
  }

  /** The JDBC URL, without user and password, which go beside it. */
  public String jdbcUrl() {
    String query =
        parameters.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(p -> p.getKey() + "=" + URLEncoder.encode(p.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return "jdbc:postgresql://%s/%s%s"
        .formatted(authority(), encode(database), query.isEmpty() ? "" : "?" + query);
  }

  /** The libpq URI with all that is known, the password included: not for logs. */
  public String uriWithPassword() {
    String credentials = password == null ? encode(user) : encode(user) + ":" + encode(password);
    String query =
        parameters.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(p -> encode(p.getKey()) + "=" + encode(p.getValue()))
            .collect(Collectors.joining("&"));
    return "postgresql://%s@%s/%s%s"
        .formatted(credentials, authority(), encode(database), query.isEmpty() ? "" : "?" + query);
  }

  /** The libpq URI, without the password. */
  @Override
  public String toString() {
    return "postgresql://%s@%s/%s".formatted(encode(user), authority(), encode(database));
  }

  private static Map<String, String> query(@Nullable String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
        }
      }
    }
    return parameters;
  }

  private static @Nullable String decoded(@Nullable String text) {
    return text == null ? null : decode(text);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
