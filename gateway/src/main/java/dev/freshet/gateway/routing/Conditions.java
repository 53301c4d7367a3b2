package dev.freshet.gateway.routing;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a request has to say, beside its path, to take a route.
 *
 * @param hosts names in lower case, one of which it must be for; {@code *.shop.example} stands for
 *     every name below {@code shop.example}; empty for any
 * @param headers values by name that it must hold; {@code *} stands for any value
 */
public record Conditions(List<String> hosts, Map<String, String> headers) {

  /** None: any request with the right path will do. */
  public static final Conditions NONE = new Conditions(List.of(), Map.of());

  private static final String ANY = "*";

  public Conditions {
    hosts = hosts.stream().map(Conditions::plain).toList();
    headers = Map.copyOf(headers);
  }

  /** A request's headers. */
  @FunctionalInterface
  public interface Headers {

    /** All values of a header, whatever the case of its name; empty when it is not there. */
    List<String> all(String name);
  }

  boolean areMet(Headers request) {
    return (hosts.isEmpty() || isForOne(host(request)))
        && headers.entrySet().stream()
            .allMatch(
                header -> {
                  List<String> values = request.all(header.getKey());
                  return header.getValue().equals(ANY)
                      ? !values.isEmpty()
                      : values.contains(header.getValue());
                });
  }

  /** In lower case, and without the dot of the root: {@code shop.example.} is the same host. */
  private static String plain(String host) {
    int end = host.length();
    while (end > 0 && host.charAt(end - 1) == '.') {
      end--;
    }
    return host.substring(0, end).toLowerCase(Locale.ROOT);
  }

  /** Without its port. */
  private static String host(Headers request) {
    return request.all("Host").stream()
        .findFirst()
        .map(host -> plain(host.replaceFirst(":\\d*$", "")))
        .orElse("");
  }

  private boolean isForOne(String host) {
    return hosts.stream()
        .anyMatch(
            name ->
                name.startsWith("*.")
                    ? host.endsWith(name.substring(1)) && host.length() >= name.length()
                    : host.equals(name));
  }

  /** Headers that meet them. */
  Headers example() {
    return name -> {
      if (name.equals("Host")) {
        return hosts.stream().limit(1).map(host -> host.replace("*.", "x.")).toList();
      }
      String value = headers.get(name);
      return value == null ? List.of() : List.of(value.equals(ANY) ? "x" : value);
    };
  }

  /** Whether every request that meets the others meets these, too, as far as is plain. */
  public boolean cover(Conditions others) {
    return equals(NONE) || equals(others);
  }
}
