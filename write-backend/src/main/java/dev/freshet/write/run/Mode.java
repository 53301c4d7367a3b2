package dev.freshet.write.run;

/** What becomes of what a command writes. */
public enum Mode {
  /** It is committed. */
  COMMITTED("begin", "commit", "rollback"),

  /** It is undone, after all that a commit would check. */
  TRIED("begin", "set constraints all immediate", "rollback"),

  /** It stands within a transaction that the caller began, and undoes. */
  NESTED(
      "savepoint freshet_command",
      "set constraints all immediate",
      "rollback to savepoint freshet_command");

  private final String begin;
  private final String commit;
  private final String rollback;

  Mode(String begin, String commit, String rollback) {
    this.begin = begin;
    this.commit = commit;
    this.rollback = rollback;
  }

  String begin(boolean isSerializable) {
    return isSerializable && this != NESTED ? begin + " isolation level serializable" : begin;
  }

  String commit() {
    return commit;
  }

  String rollback() {
    return rollback;
  }
}
