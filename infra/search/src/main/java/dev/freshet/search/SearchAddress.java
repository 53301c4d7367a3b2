package dev.freshet.search;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a search store is, and how one is let in.
 *
 * @param nodes {@code http://HOST:PORT} or {@code https://HOST:PORT} of each
 * @param credentials {@code USER:PASSWORD}, or null
 * @param authority a file of PEM certificates, one of which has signed the nodes'; null for those
 *     that the JVM trusts
 */
public record SearchAddress(
    List<URI> nodes, @Nullable String credentials, @Nullable Path authority) {

  private static final Set<String> SCHEMES = Set.of("http", "https");

  public SearchAddress {
    nodes = List.copyOf(nodes);
  }

  /**
   * Reads {@code http://HOST:PORT}, or several separated by commas.
   *
   * @throws IllegalArgumentException saying what is wrong and how it should be
   */
  public static SearchAddress parse(String text) {
    return new SearchAddress(
        Arrays.stream(text.split(",", -1)).map(one -> node(text, one.strip())).toList(),
        null,
        null);
  }

  /**
   * Reads an address, with the files that it takes to be let in.
   *
   * @param credentials a file with {@code USER:PASSWORD}, or null
   * @param authority a file of PEM certificates, or null
   * @throws IllegalArgumentException saying what is wrong and how it should be
   */
  public static SearchAddress of(
      String text, @Nullable Path credentials, @Nullable Path authority) {
    SearchAddress address = parse(text);
    if (credentials != null) {
      address = address.withCredentials(credentials);
    }
    return authority == null ? address : address.withAuthority(authority);
  }

  private static URI node(String text, String one) {
    try {
      URI node = URI.create(one);
      boolean isNothingElse =
          !node.isOpaque()
              && node.getRawUserInfo() == null
              && node.getRawQuery() == null
              && (node.getRawPath().isEmpty() || node.getRawPath().equals("/"));
      if (node.getScheme() != null
          && SCHEMES.contains(node.getScheme())
          && node.getHost() != null
          && node.getPort() > 0
          && isNothingElse) {
        return node;
      }
    } catch (IllegalArgumentException e) {
      // As if it lacked something.
    }
    throw new IllegalArgumentException(
        "'%s' is not the address of a search store, as http://127.0.0.1:9200 is, or several with commas between them; credentials stand in a file"
            .formatted(text));
  }

  /**
   * The same with credentials.
   *
   * @param file whose first line is {@code USER:PASSWORD}
   * @throws IllegalArgumentException when it can't be read, or holds none
   */
  public SearchAddress withCredentials(Path file) {
    try {
      String line = Files.readString(file).lines().findFirst().orElse("").strip();
      if (line.indexOf(':') < 1) {
        throw new IllegalArgumentException(
            "%s does not hold USER:PASSWORD in its first line".formatted(file));
      }
      return new SearchAddress(nodes, line, authority);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The same with who has signed the nodes' certificates.
   *
   * @param file of PEM certificates
   * @throws IllegalArgumentException when it can't be read
   */
  public SearchAddress withAuthority(Path file) {
    if (!Files.isReadable(file)) {
      throw unreadable(file, null);
    }
    return new SearchAddress(nodes, credentials, file);
  }

  private static IllegalArgumentException unreadable(Path file, @Nullable IOException why) {
    return new IllegalArgumentException(
        "%s can't be read; name a file that this process may read".formatted(file), why);
  }

  @Override
  public String toString() {
    return String.join(",", nodes.stream().map(URI::toString).toList()); // and no secrets
  }
}
