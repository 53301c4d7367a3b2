package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.search.SearchAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a search store lets one in. */
final class SearchStoreOptions {

  @Option(
      names = "--search-credentials",
      paramLabel = "FILE",
      description = "File with USER:PASSWORD for the search store.")
  private @Nullable Path credentials;

  @Option(
      names = "--search-ca",
      paramLabel = "FILE",
      description = "File with PEM certificates that the search store's are signed by.")
  private @Nullable Path authority;

  /**
   * The settings of a part.
   *
   * @param prefix of their names
   * @throws StartFailed when the address or a file is none
   */
  Map<String, String> settings(String prefix, String address) {
    Map<String, String> settings = new HashMap<>();
    try {
      SearchAddress _ = SearchAddress.of(address, credentials, authority);
      put(settings, prefix + ".credentials", credentials);
      put(settings, prefix + ".authority", authority);
      return settings;
    } catch (IllegalArgumentException e) {
      throw new StartFailed(e.getMessage() + ".", e);
    }
  }

  private static void put(Map<String, String> settings, String name, @Nullable Path file) {
    if (file != null) {
      settings.put(name, file.toAbsolutePath().toString());
    }
  }
}
