package dev.freshet.sync.log;

/** The log is not what its writer writes. Nothing may be passed over. */
public final class LogBroken extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LogBroken(String what) {
    super("The log has " + what);
  }
}
