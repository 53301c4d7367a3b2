package dev.freshet.gateway.report;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How requests and changes flow, as a picture of nodes and edges. */
public record Flow(List<Node> nodes, List<Edge> edges) {

  /** What a node is. */
  public enum Kind {
    GATEWAY,
    BACKEND,
    PRIMARY,
    SLOT,
    PUBLISHER,
    LOG,
    SYNC,
    REPLICA,
    READ_DATABASE,
    FOLLOWER,
    SEARCH;

    /** As it is written. */
    @JsonValue
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** How something is. */
  public enum Health {
    /** It is in order, and as fresh as it should be. */
    FINE,
    /** It is further behind than the objective, but moves. */
    BEHIND,
    /** It is behind and does not move, or somebody has stopped it. */
    STUCK,
    /** It can't be used. */
    DOWN,
    /** An operator has taken it out of use. */
    OUT,
    /** Nothing is known of it. */
    UNKNOWN;

    /** As it is written. */
    @JsonValue
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Something that requests or changes pass.
   *
   * @param id unique in the picture
   * @param says a few words on how it is; empty when there is nothing to say
   * @param readsPerSecond that it answers; null where it answers none, or that is unknown
   */
  public record Node(
      String id,
      Kind kind,
      String name,
      Health health,
      String says,
      @Nullable Double readsPerSecond) {}

  /**
   * A way from one node to the next.
   *
   * @param perSecond what passes; null while that is unknown
   * @param unit of what passes: requests, reads, bytes or changes
   * @param lagSeconds how far behind its end is; null where that is unknown, or makes no sense
   * @param lagBytes likewise
   */
  public record Edge(
      String from,
      String to,
      Health health,
      @Nullable Double perSecond,
      String unit,
      @Nullable Double lagSeconds,
      @Nullable Long lagBytes) {}
}
