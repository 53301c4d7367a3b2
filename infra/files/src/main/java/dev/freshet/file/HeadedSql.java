package dev.freshet.file;

import dev.freshet.file.Yaml.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of SQL that begins with a header of YAML in a block comment.
 *
 * @param text all of it
 * @param header what the header says, with its places in the file
 * @param sqlStart where the SQL begins
 */
public record HeadedSql(String text, Yaml header, int sqlStart) {

  private static final Pattern HEADER = Pattern.compile("\\s*/\\*(.*?)\\*/", Pattern.DOTALL);

  /**
   * Reads a file's text.
   *
   * @throws FileInvalid when it has no header, or one that is not YAML
   */
  public static HeadedSql of(String text) {
    Matcher header = HEADER.matcher(text);
    if (!header.lookingAt()) {
      throw FileInvalid.at(
          Mark.START, "the file does not begin with a header; begin it with /* and YAML, then */");
    }
    if (header.group(1).isBlank()) {
      throw FileInvalid.at(markIn(text, header.start(1)), "the header is empty");
    }
    return new HeadedSql(text, yaml(text, header), header.end());
  }

  /** Behind as many lines as come before it, so that its places are those of the file. */
  private static Yaml yaml(String text, Matcher header) {
    Mark begin = markIn(text, header.start(1));
    String yaml = header.group(1);
    boolean isOneLine = yaml.strip().lines().count() == 1;
    String indent = isOneLine && !yaml.startsWith("\n") ? " ".repeat(begin.column() - 1) : "";
    return YamlReader.read(
        "\n".repeat(begin.line() - 1)
            + indent
            + (isOneLine ? yaml : yaml.replaceFirst("^[ \\t]+(?=\\S)", "")));
  }

  /** The line and column of a character. */
  public Mark mark(int offset) {
    return markIn(text, offset);
  }

  private static Mark markIn(String text, int offset) {
    String before = text.substring(0, offset);
    return new Mark(
        1 + (int) before.chars().filter(c -> c == '\n').count(), offset - before.lastIndexOf('\n'));
  }

  /**
   * Where a value of one line begins, in characters; the value's own place in the file.
   *
   * @param mark its line and column
   */
  public int offset(Mark mark) {
    int start = 0;
    for (int line = 1; line < mark.line(); line++) {
      start = text.indexOf('\n', start) + 1;
    }
    return Math.min(text.length(), start + mark.column() - 1);
  }

  /** A statement in the SQL, and where it begins in the file. */
  public record Part(String sql, int start) {}

  /** The statements behind the header, without the semicolons between them. */
  public List<Part> statements() {
    String sql = text.substring(sqlStart);
    List<Part> parts = new ArrayList<>();
    int start = -1;
    int end = 0;
    for (SqlTokens.Token token : SqlTokens.of(sql)) {
      if (token.isSymbol(";")) {
        if (start >= 0) {
          parts.add(new Part(sql.substring(start, end), sqlStart + start));
        }
        start = -1;
      } else {
        start = start < 0 ? token.start() : start;
        end = token.end();
      }
    }
    if (start >= 0) {
      parts.add(new Part(sql.substring(start, end), sqlStart + start));
    }
    return parts;
  }
}
