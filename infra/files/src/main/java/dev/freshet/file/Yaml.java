package dev.freshet.file;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A value in a YAML file, with its place. */
public sealed interface Yaml {

  Mark at();

  /** A place in the file, both from 1. */
  record Mark(int line, int column) {

    public static final Mark START = new Mark(1, 1);

    /** Something that is wrong here. */
    public FileProblem problem(String message) {
      return new FileProblem(line, column, message);
    }
  }

  /** Keys and values, in the file's order. */
  record Mapping(Mark at, Map<String, Entry> entries) implements Yaml {}

  /**
   * A value under a key.
   *
   * @param keyAt where the key is
   */
  record Entry(Mark keyAt, Yaml value) {}

  /** A list. */
  record Sequence(Mark at, List<Yaml> members) implements Yaml {}

  /**
   * A text, number, truth value or nothing.
   *
   * @param written as the file has it
   * @param value a {@link String}, {@link Long}, {@link java.math.BigDecimal} or {@link Boolean};
   *     null for nothing
   */
  record Scalar(Mark at, String written, @Nullable Object value) implements Yaml {}
}
