package dev.freshet.gateway.routing;

import java.util.List;

/** Who may use a route. */
public sealed interface Access {

  /** Everybody. */
  record Open() implements Access {}

  /**
   * Clients with a token that has all of these scopes; none stands for any valid token.
   *
   * @param read scopes that reads need
   * @param write scopes that writes need
   */
  record Scoped(List<String> read, List<String> write) implements Access {

    public Scoped {
      read = List.copyOf(read);
      write = List.copyOf(write);
    }

    /** The scopes that requests of this intent need. */
    public List<String> of(Intent intent) {
      return switch (intent) {
        case READ -> read;
        case WRITE -> write;
      };
    }
  }
}
