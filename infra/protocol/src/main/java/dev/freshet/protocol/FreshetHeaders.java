package dev.freshet.protocol;

/** Names of the headers of the public contract. */
public final class FreshetHeaders {

  /**
   * Both directions, client side: what this client has written and seen; see {@link SessionToken}.
   */
  public static final String SESSION = "Freshet-Session";

  /** From the client: the consistency level wanted for this request. */
  public static final String CONSISTENCY = "Freshet-Consistency";

  /** To the client: which copy answered and why. */
  public static final String SOURCE = "Freshet-Source";

  /** From a backend, on every answer: the {@link Position} of what was written or seen. */
  public static final String POSITION = "Freshet-Position";

  /** To a backend, on a read: answer only from a copy at or past this {@link Position}. */
  public static final String MIN_POSITION = "Freshet-Min-Position";

  /** To a backend, on a read: how long it may wait to get there, in milliseconds. */
  public static final String MAX_WAIT = "Freshet-Max-Wait";

  /** To a backend: in how many milliseconds nobody waits for the answer any more. */
  public static final String DEADLINE = "Freshet-Deadline";

  /** To a backend: who the client's token says it is from, where the route asks for tokens. */
  public static final String PRINCIPAL = "Freshet-Principal";

  /** Path of the position report that every backend answers; see {@link PositionReport}. */
  public static final String POSITION_PATH = "/.freshet/position";

  /** Path at which a write-backend tells what commands it has had lately. */
  public static final String COMMANDS_PATH = "/.freshet/commands";

  /** Path at which it tells all of its commands, and what is wrong with any. */
  public static final String DECLARED_COMMANDS_PATH = "/.freshet/commands/declared";

  /** Path at which a read-backend of a read database tells events. */
  public static final String EVENTS_PATH = "/.freshet/events";

  private FreshetHeaders() {}
}
