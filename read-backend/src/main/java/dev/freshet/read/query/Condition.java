package dev.freshet.read.query;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What rows of an answer have to be like. */
public sealed interface Condition {

  /** All of these hold; so they do where there are none. */
  record All(List<Condition> conditions) implements Condition {
    public All {
      conditions = List.copyOf(conditions);
    }
  }

  /** One of these holds. */
  record Any(List<Condition> conditions) implements Condition {
    public Any {
      conditions = List.copyOf(conditions);
    }
  }

  /** This does not hold; as in SQL, of a null nothing is known. */
  record Not(Condition condition) implements Condition {}

  /**
   * The field is so compared with a value.
   *
   * @param value in PostgreSQL's text form
   */
  record Compared(Field field, Operator operator, String value) implements Condition {}

  /**
   * The field is so compared with any, or with all, of several values.
   *
   * @param values in PostgreSQL's text form
   */
  record ComparedWithEach(Field field, Operator operator, boolean withAll, List<String> values)
      implements Condition {
    public ComparedWithEach {
      values = List.copyOf(values);
    }
  }

  /** The field is one of these values, in PostgreSQL's text form. */
  record OneOf(Field field, List<String> values) implements Condition {
    public OneOf {
      values = List.copyOf(values);
    }
  }

  /** The field is null, not null, true, false or unknown. */
  record Is(Field field, Predicate predicate) implements Condition {}

  /** What a field may be without a value to compare with. */
  enum Predicate {
    NULL,
    NOT_NULL,
    TRUE,
    FALSE,
    UNKNOWN
  }

  /**
   * The field's text has these words.
   *
   * @param language whose rules apply, by the name of a configuration; null for the session's
   */
  record Contains(Field field, TextQuery kind, @Nullable String language, String words)
      implements Condition {}

  /** The searches for words that a row may owe it that it is wanted. */
  default List<Contains> searches() {
    return switch (this) {
      case All(List<Condition> conditions) -> searches(conditions);
      case Any(List<Condition> conditions) -> searches(conditions);
      case Contains contains -> List.of(contains);
      default -> List.of();
    };
  }

  private static List<Contains> searches(List<Condition> conditions) {
    return conditions.stream().flatMap(condition -> condition.searches().stream()).toList();
  }

  /** How words of a full-text search are read. */
  enum TextQuery {
    /** Words with operators between them. */
    FTS,
    /** All of these words. */
    PLFTS,
    /** These words, one after the other. */
    PHFTS,
    /** As people write to a search engine. */
    WFTS
  }
}
