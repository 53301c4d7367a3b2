package dev.freshet.protocol;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
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
 * <p>A password that the URL leaves out is looked up where libpq looks: in {@code PGPASSFILE}, else
 * {@code ~/.pgpass}. {@link #toString} never shows it.
 *
 * @param host host name or address
 * @param port TCP port
 * @param database name of the database
 * @param user role to connect as
 * @param password null when none is given, here or in a password file
 * @param parameters further connection parameters by name
 */
public record PostgresUrl(
    String host,
    int port,
    String database,
    String user,
    @Nullable String password,
    Map<String, String> parameters) {

  private static final int DEFAULT_PORT = 5432;

  private static final Pattern FORM =
      Pattern.compile(
          "(?:jdbc:postgresql|postgresql|postgres)://"
              + "(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?"
              + "(?<host>\\[[^\\]]+]|[^:/?,]+)(?::(?<port>\\d{1,5}))?"
              + "/(?<database>[^?]+)(?:\\?(?<query>.*))?");

  public PostgresUrl {
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
    String port = parts.group("port");
    return new PostgresUrl(
            decode(parts.group("host")),
            port == null ? DEFAULT_PORT : Integer.parseInt(port),
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
    return withPassword(PgPassParser.getPassword(host, Integer.toString(port), database, user));
  }

  public PostgresUrl withPassword(@Nullable String password) {
    return new PostgresUrl(host, port, database, user, password, parameters);
  }

  /** The JDBC URL, without user and password, which go beside it. */
  public String jdbcUrl() {
    String query =
        parameters.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(p -> p.getKey() + "=" + URLEncoder.encode(p.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return "jdbc:postgresql://%s:%d/%s%s"
        .formatted(host, port, encode(database), query.isEmpty() ? "" : "?" + query);
  }

  /** The libpq URI with all that is known, the password included: not for logs. */
  public String uriWithPassword() {
    String credentials = password == null ? encode(user) : encode(user) + ":" + encode(password);
    String query =
        parameters.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(p -> encode(p.getKey()) + "=" + encode(p.getValue()))
            .collect(Collectors.joining("&"));
    return "postgresql://%s@%s:%d/%s%s"
        .formatted(credentials, host, port, encode(database), query.isEmpty() ? "" : "?" + query);
  }

  /** The libpq URI, without the password. */
  @Override
  public String toString() {
    return "postgresql://%s@%s:%d/%s".formatted(encode(user), host, port, encode(database));
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
