package dev.freshet.local.system;

import java.util.HashMap;
import java.util.Map;

/**
 * A part that is to run.
 *
 * @param id its name, unique in the system
 * @param port where it answers
 * @param settings its settings by full name, {@code freshet.read.source} and so on
 */
public record PartSpec(PartKind kind, String id, int port, Map<String, String> settings) {

  public PartSpec {
    settings = Map.copyOf(settings);
  }

  /** The same, with more settings. */
  PartSpec with(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(more);
    return new PartSpec(kind, id, port, all);
  }

  /** All that its Spring context is given. */
  Map<String, Object> properties(String listen) {
    Map<String, Object> properties = new HashMap<>(settings);
    properties.put("server.port", port);
    properties.put("server.address", listen);
    return properties;
  }

  @Override
  public String toString() {
    return id; // the settings hold passwords
  }
}
