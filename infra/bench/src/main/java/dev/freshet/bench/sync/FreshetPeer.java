package dev.freshet.bench.sync;

import dev.freshet.sync.SyncBackend;
import java.util.HashMap;
import java.util.Map;

/** A sync in a process of its own. */
final class FreshetPeer {

  private FreshetPeer() {}

  /**
   * Runs until it is killed.
   *
   * @param settings {@code name=value} each
   */
  public static void main(String[] settings) {
    Map<String, String> properties = new HashMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      properties.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    SyncBackend.start(properties);
  }
}
