package dev.freshet.read.event;

import dev.freshet.protocol.Position;
import org.jspecify.annotations.Nullable;

/** What a subscriber is told next. */
public sealed interface Page {

  /**
   * Events, or none.
   *
   * @param text as server-sent events; may be empty
   * @param next where it stands after them
   * @param hasMore whether there are more at once
   * @param at up to here nothing is left to tell; null when there is, or where that is unknown
   */
  record Told(String text, Cursor next, boolean hasMore, @Nullable Position at) implements Page {}

  /** It has to ask again: tables have come or gone, or are being copied. */
  record Over() implements Page {}
}
