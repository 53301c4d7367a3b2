package dev.freshet.write.command;

import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** A decision, taken within a transaction that the caller opened. */
@FunctionalInterface
public interface Command {

  /**
   * Decides.
   *
   * @param db works on the open transaction
   */
  Outcome decide(JdbcClient db, Input input);

  /**
   * What the client asked for.
   *
   * @param path the path's variables by name
   * @param body the body, already checked against the command's schema; a missing node where the
   *     command takes none
   * @param precondition what the client's {@code If-Match} asks for
   */
  record Input(Map<String, String> path, JsonNode body, Precondition precondition) {

    /** A variable of the path that the route declares. */
    public String path(String name) {
      String value = path.get(name);
      if (value == null) {
        throw new IllegalArgumentException("The route has no path variable " + name);
      }
      return value;
    }
  }
}
