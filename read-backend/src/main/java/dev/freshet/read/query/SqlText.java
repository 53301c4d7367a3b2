package dev.freshet.read.query;

import dev.freshet.read.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * SQL in the making, with the values that go with it: names are quoted, values are bound, and
 * nothing else of a query becomes text.
 */
final class SqlText {

  /** Also what the sync's sessions are pinned to, so that every copy finds the same words. */
  private static final String CONFIGURATION = "simple";

  private static final Set<String> JSON = Set.of("json", "jsonb");

  private final Model model;
  private final StringBuilder sql = new StringBuilder();
  private final List<String> values = new ArrayList<>();

  SqlText(Model model) {
    this.model = model;
  }

  SqlText add(String more) {
    sql.append(more);
    return this;
  }

  /** A value, of the type that PostgreSQL takes it for where it stands. */
  SqlText bind(String value) {
    values.add(value);
    return add("?");
  }

  SelectStatement statement() {
    return new SelectStatement(sql.toString(), values);
  }

  /** A field of a row that is called {@code alias}. */
  SqlText field(String alias, Field field) {
    String column = alias + "." + Model.quoted(field.column());
    if (field.path().isEmpty()) {
      return add(column);
    }
    add("(").add(JSON.contains(typeOf(field)) ? column : "to_jsonb(%s)".formatted(column));
    for (Field.Step step : field.path()) {
      add(step.isText() ? " ->> " : " -> ");
      if (step.isPlace()) {
        add(step.key());
      } else {
        bind(step.key()).add("::text");
      }
    }
    return add(")");
  }

  /** The type of a field's column. */
  private String typeOf(Field field) {
    return String.valueOf(model.columns().get(field.column()));
  }

  /** A value of an answer, with its name. */
  SqlText selected(String alias, Selected selected) {
    field(alias, selected.field());
    if (selected.cast() != null) {
      add("::").add(selected.cast());
    }
    return add(" as ").add(Model.quoted(selected.name()));
  }

  /** Values of an answer, separated by commas. */
  SqlText selected(String alias, List<Selected> all) {
    String comma = "";
    for (Selected selected : all) {
      add(comma).selected(alias, selected);
      comma = ", ";
    }
    return this;
  }

  SqlText condition(String alias, Condition condition) {
    return switch (condition) {
      case Condition.All(List<Condition> all) -> joined(alias, all, " and ", "true");
      case Condition.Any(List<Condition> any) -> joined(alias, any, " or ", "false");
      case Condition.Not(Condition not) -> add("not (").condition(alias, not).add(")");
      case Condition.Compared(Field field, Operator operator, String value) ->
          field(alias, field).add(" " + operator.sql() + " ").bind(value);
      case Condition.ComparedWithEach each ->
          field(alias, each.field())
              .add(" %s %s(".formatted(each.operator().sql(), each.withAll() ? "all" : "any"))
              .bind(array(each.values()))
              .add(")");
      case Condition.OneOf(Field field, List<String> members) -> oneOf(alias, field, members);
      case Condition.Is(Field field, Condition.Predicate predicate) ->
          field(alias, field).add(" is ").add(predicate.sql());
      case Condition.Contains contains -> contains(alias, contains);
    };
  }

  private SqlText joined(String alias, List<Condition> conditions, String by, String ofNone) {
    if (conditions.isEmpty()) {
      return add(ofNone);
    }
    String between = "";
    for (Condition condition : conditions) {
      add(between);
      if (condition instanceof Condition.All || condition instanceof Condition.Any) {
        add("(").condition(alias, condition).add(")");
      } else {
        condition(alias, condition);
      }
      between = by;
    }
    return this;
  }

  private SqlText oneOf(String alias, Field field, List<String> members) {
    if (members.isEmpty()) {
      return add("false");
    }
    field(alias, field);
    String before = " in (";
    for (String member : members) {
      add(before).bind(member);
      before = ", ";
    }
    return add(")");
  }

  private SqlText contains(String alias, Condition.Contains contains) {
    Field field = contains.field();
    String configuration =
        "'%s'::regconfig"
            .formatted(contains.language() == null ? CONFIGURATION : contains.language());
    boolean isVector = field.path().isEmpty() && typeOf(field).equals("tsvector");
    if (isVector) {
      field(alias, field);
    } else {
      add("to_tsvector(%s, ".formatted(configuration)).field(alias, field);
      add(isJson(field) ? ")" : "::text)");
    }
    return add(" @@ %s(%s, ".formatted(contains.kind().function(), configuration))
        .bind(contains.words())
        .add(")");
  }

  private boolean isJson(Field field) {
    return field.path().isEmpty() ? JSON.contains(typeOf(field)) : !field.path().getLast().isText();
  }

  /** As PostgreSQL reads an array. */
  private static String array(List<String> values) {
    StringBuilder array = new StringBuilder("{");
    for (String value : values) {
      array
          .append(array.length() == 1 ? "" : ",")
          .append('"')
          .append(value.replace("\\", "\\\\").replace("\"", "\\\""))
          .append('"');
    }
    return array.append('}').toString();
  }

  SqlText order(String alias, ModelQuery.Order order) {
    field(alias, order.field()).add(order.descending() ? " desc" : "");
    return order.nulls() == null
        ? this
        : add(" nulls " + order.nulls().name().toLowerCase(Locale.ROOT));
  }

  /** All that a statement has. */
  SqlText add(SelectStatement statement) {
    values.addAll(statement.values());
    return add(statement.sql());
  }
}
