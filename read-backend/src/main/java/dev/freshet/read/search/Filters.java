package dev.freshet.read.search;

import dev.freshet.read.query.Condition;
import dev.freshet.read.query.Field;
import dev.freshet.read.query.Operator;
import dev.freshet.search.IndexedType;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.RowDocument;
import dev.freshet.search.StoreNames;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Conditions as OpenSearch's queries. SQL has three answers and OpenSearch two: a query for rows of
 * which a condition is true, and another for those of which it is false, leave out those of which
 * nothing is known.
 */
final class Filters {

  private static final String ALL = "{\"match_all\":{}}";
  private static final String NONE = "{\"match_none\":{}}";

  private final ModelIndex index;
  private final List<String> columns;

  /** Columns whose value may be in no field. */
  private final Set<String> used = new LinkedHashSet<>();

  Filters(ModelIndex index) {
    this.index = index;
    this.columns = List.copyOf(index.columns().keySet());
  }

  /** Rows for which a condition holds, with how well they match the words that it looks for. */
  String matching(Condition condition) {
    return "{\"bool\":{\"must\":[%s],\"must_not\":[{\"ids\":{\"values\":[\"%s\"]}}]}}"
        .formatted(query(condition, true), StoreNames.PLACE);
  }

  /** The columns that it has asked for, and whose value may be in no field. */
  Set<String> used() {
    return used;
  }

  /** The place of a column's field. */
  String field(String column) {
    return RowDocument.FIELDS + "." + RowDocument.field(columns.indexOf(column));
  }

  /** How a column is compared. */
  IndexedType type(Field field) {
    if (!field.path().isEmpty()) {
      throw new Elsewhere("what stands within '%s'".formatted(field.column()));
    }
    IndexedType type =
        IndexedType.of(String.valueOf(index.columns().get(field.column())))
            .orElseThrow(
                () -> new Elsewhere("filters and orders on '%s'".formatted(field.column())));
    boolean hasAlwaysAPlace =
        switch (type.form()) {
          case TEXT, BIGINT, DECIMAL, REAL, DOUBLE -> false;
          case UUID, SMALLINT, INTEGER, BOOLEAN, DAYS, MICROS, MICROS_OF_ZONE -> true;
        };
    if (!hasAlwaysAPlace) {
      used.add(field.column());
    }
    return type;
  }

  private String query(Condition condition, boolean isTrue) {
    return switch (condition) {
      case Condition.All(List<Condition> all) -> isTrue ? every(all, true) : any(all, false);
      case Condition.Any(List<Condition> any) -> isTrue ? any(any, true) : every(any, false);
      case Condition.Not(Condition not) -> query(not, !isTrue);
      case Condition.Compared(Field field, Operator operator, String value) ->
          compared(field, operator, value, isTrue);
      case Condition.ComparedWithEach each -> query(spelledOut(each), isTrue);
      case Condition.OneOf(Field field, List<String> values) -> oneOf(field, values, isTrue);
      case Condition.Is(Field field, Condition.Predicate predicate) -> is(field, predicate, isTrue);
      case Condition.Contains contains -> contains(contains, isTrue);
    };
  }

  private String every(List<Condition> conditions, boolean areTrue) {
    return conditions.isEmpty()
        ? plain(ALL)
        : "{\"bool\":{\"must\":[%s]}}".formatted(each(conditions, areTrue));
  }

  private String any(List<Condition> conditions, boolean areTrue) {
    return conditions.isEmpty()
        ? NONE
        : "{\"bool\":{\"should\":[%s],\"minimum_should_match\":1}}"
            .formatted(each(conditions, areTrue));
  }

  private String each(List<Condition> conditions, boolean areTrue) {
    return conditions.stream()
        .map(condition -> query(condition, areTrue))
        .collect(Collectors.joining(","));
  }

  private static Condition spelledOut(Condition.ComparedWithEach each) {
    List<Condition> all = new ArrayList<>();
    each.values()
        .forEach(value -> all.add(new Condition.Compared(each.field(), each.operator(), value)));
    return each.withAll() ? new Condition.All(all) : new Condition.Any(all);
  }

  /** Adds nothing to how well a row matches. */
  private static String plain(String query) {
    return "{\"bool\":{\"filter\":[%s]}}".formatted(query);
  }

  private static String butNot(@Nullable String filter, String query) {
    return "{\"bool\":{\"filter\":[%s],\"must_not\":[%s]}}"
        .formatted(filter == null ? "" : filter, query);
  }

  private String exists(Field field) {
    return "{\"exists\":{\"field\":\"%s\"}}".formatted(field(field.column()));
  }

  private String term(Field field, String value) {
    return "{\"term\":{\"%s\":%s}}".formatted(field(field.column()), value);
  }

  private String range(Field field, String comparison, String value) {
    return "{\"range\":{\"%s\":{\"%s\":%s}}}".formatted(field(field.column()), comparison, value);
  }

  private String value(Field field, String text) {
    return type(field)
        .ofQuery(text)
        .orElseThrow(
            () -> new Elsewhere("comparisons of '%s' with '%s'".formatted(field.column(), text)));
  }

  private String compared(Field field, Operator operator, String text, boolean isTrue) {
    return switch (operator) {
      case EQ, NEQ -> {
        String term = term(field, value(field, text));
        yield (operator == Operator.EQ) == isTrue ? plain(term) : butNot(exists(field), term);
      }
      case ISDISTINCT -> {
        String term = term(field, value(field, text));
        yield isTrue ? butNot(null, term) : plain(term);
      }
      case GT -> plain(range(ordered(field), isTrue ? "gt" : "lte", value(field, text)));
      case GTE -> plain(range(ordered(field), isTrue ? "gte" : "lt", value(field, text)));
      case LT -> plain(range(ordered(field), isTrue ? "lt" : "gte", value(field, text)));
      case LTE -> plain(range(ordered(field), isTrue ? "lte" : "gt", value(field, text)));
      case LIKE -> {
        String wildcard =
            "{\"wildcard\":{\"%s\":{\"value\":%s}}}"
                .formatted(field(textual(field).column()), Json.string(wildcard(text)));
        yield isTrue ? plain(wildcard) : butNot(exists(field), wildcard);
      }
      case ILIKE, MATCH, IMATCH, CS, CD, OV, SL, SR, NXL, NXR, ADJ ->
          throw new Elsewhere(
              "the operator '%s'".formatted(operator.name().toLowerCase(Locale.ROOT)));
    };
  }

  /** A column that is sorted here as PostgreSQL sorts it. */
  Field ordered(Field field) {
    IndexedType _ = type(field);
    if (!index.isOrdered(field.column())) {
      throw new Elsewhere(
          "orders of '%s', which the database sorts by the rules of a language"
              .formatted(field.column()));
    }
    return field;
  }

  private Field textual(Field field) {
    if (type(field).form() != IndexedType.Form.TEXT) {
      throw new Elsewhere("patterns of '%s', which is no text".formatted(field.column()));
    }
    return field;
  }

  /** A pattern of SQL as one of OpenSearch. */
  private static String wildcard(String pattern) {
    StringBuilder wildcard = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '%') {
        wildcard.append('*');
      } else if (c == '_') {
        wildcard.append('?');
      } else {
        if (c == '\\') {
          if (++i == pattern.length()) {
            throw new Elsewhere("patterns that end with an escape");
          }
          c = pattern.charAt(i);
        }
        if (c == '*' || c == '?' || c == '\\') {
          wildcard.append('\\');
        }
        wildcard.append(c);
      }
    }
    return wildcard.toString();
  }

  private String oneOf(Field field, List<String> values, boolean isTrue) {
    if (values.isEmpty()) {
      return isTrue ? NONE : plain(ALL);
    }
    String terms =
        "{\"terms\":{\"%s\":[%s]}}"
            .formatted(
                field(field.column()),
                values.stream().map(value -> value(field, value)).collect(Collectors.joining(",")));
    return isTrue ? plain(terms) : butNot(exists(field), terms);
  }

  private String is(Field field, Condition.Predicate predicate, boolean isTrue) {
    IndexedType type = type(field);
    return switch (predicate) {
      case NULL, NOT_NULL ->
          (predicate == Condition.Predicate.NULL) == isTrue
              ? butNot(null, exists(field))
              : plain(exists(field));
      case TRUE, FALSE, UNKNOWN -> {
        if (type.form() != IndexedType.Form.BOOLEAN) {
          throw new Elsewhere("'is' of '%s', which is no boolean".formatted(field.column()));
        }
        String query =
            predicate == Condition.Predicate.UNKNOWN
                ? exists(field)
                : term(field, predicate == Condition.Predicate.TRUE ? "true" : "false");
        yield (predicate == Condition.Predicate.UNKNOWN) == isTrue
            ? butNot(null, query)
            : plain(query);
      }
    };
  }

  private String contains(Condition.Contains contains, boolean isTrue) {
    String field = Words.field(index, contains);
    String query = Words.query(field, contains);
    if (isTrue) {
      return query;
    }
    Field column = contains.field();
    // All that is searched is never null; of a null nothing is known.
    return butNot(
        index.columns().containsKey(column.column()) ? exists(textual(column)) : null, query);
  }
}
