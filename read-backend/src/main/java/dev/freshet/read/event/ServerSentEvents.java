package dev.freshet.read.event;

import dev.freshet.protocol.Position;
import org.jspecify.annotations.Nullable;

/** The form of server-sent events, as the HTML standard has it. */
public final class ServerSentEvents {

  private ServerSentEvents() {}

  /** An event with data, and with the place after it where that is to be noted. */
  static String of(String data, @Nullable Position id) {
    String lines = "data: " + data.replace("\n", "\ndata: ") + "\n";
    return id == null ? lines + "\n" : "id: " + id + "\n" + lines + "\n";
  }

  /** A place to be noted without an event: nobody is called for it. */
  public static String of(Position id) {
    return "id: " + id + "\n\n";
  }

  /** How long to wait before connecting again. */
  public static String retry(long millis) {
    return "retry: " + millis + "\n\n";
  }

  /** Keeps the connection known as one that lives. */
  public static String comment() {
    return ":\n\n";
  }
}
