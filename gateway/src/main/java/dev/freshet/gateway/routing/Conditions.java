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
    hosts = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
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

  /** Without its port, in lower case. */
  private static String host(Headers request) {
    return request.all("Host").stream()
        .findFirst()
        .map(host -> host.replaceFirst(":\\d*$", "").toLowerCase(Locale.ROOT))
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

  /** Whether every request that meets the others meets these, too, as far as is plain. */
  public boolean cover(Conditions others) {
    return equals(NONE) || equals(others);
  }
}
