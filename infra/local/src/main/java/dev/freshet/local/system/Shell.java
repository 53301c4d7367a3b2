package dev.freshet.local.system;

/** What people copy into a shell. */
public final class Shell {

  private Shell() {}

  /** Text as a POSIX shell reads it as one word. */
  public static String word(String text) {
    return text.matches("[A-Za-z0-9_./,:@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
