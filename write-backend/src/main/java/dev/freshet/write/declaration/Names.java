package dev.freshet.write.declaration;

import java.util.Set;

/** Names that mean something by themselves wherever a command binds values. */
public final class Names {

  /** The row that is decided on; {@code :state.column}. */
  public static final String STATE = "state";

  /** The row of the statement before; {@code :last.column}. */
  public static final String LAST = "last";

  /** The whole body, {@code jsonb}. */
  public static final String BODY = "body";

  /** What was verified of the client, {@code jsonb}. */
  public static final String CLAIMS = "claims";

  /** Who the client is, {@code text}; null for a client that nobody knows. */
  public static final String PRINCIPAL = "principal";

  /** When the command was taken up, {@code timestamptz}. */
  public static final String NOW = "now";

  static final Set<String> RESERVED = Set.of(STATE, LAST, BODY, CLAIMS, PRINCIPAL, NOW);

  private Names() {}
}
