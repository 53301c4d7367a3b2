package dev.freshet.read.sql;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.Condition;
import dev.freshet.read.query.Field;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Operator;
import dev.freshet.read.query.Seek;
import dev.freshet.read.query.Selected;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SQL in the making, with the values that go with it: names are quoted, values are bound, and
 * nothing else of a query becomes text.
 */
final class SqlText {

  private static final Condition ANYTHING = new Condition.All(List.of());

  private static final Set<String> JSON = Set.of("json", "jsonb");

  private final Model model;
  private final ModelQuery query;
  private final StringBuilder sql = new StringBuilder();
  private final List<String> values = new ArrayList<>();

  SqlText(Model model, ModelQuery query) {
    this.model = model;
    this.query = query;
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
    if (isRank(field)) {
      return new WordSearch(model, this).rank(alias, query.where().searches());
    }
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
  String typeOf(Field field) {
    return String.valueOf(model.columns().get(field.column()));
  }

  /** A value of an answer, with its name. */
  SqlText selected(String alias, Selected selected) {
    switch (selected) {
      case Selected.Value value -> field(alias, value.field()).cast(value.cast());
      case Selected.Aggregated aggregated -> aggregated(alias, aggregated);
    }
    return add(" as ").add(Model.quoted(selected.name()));
  }

  private SqlText aggregated(String alias, Selected.Aggregated aggregated) {
    add(aggregated.function().word()).add("(");
    if (aggregated.field() == null) {
      add("*");
    } else {
      field(alias, aggregated.field()).cast(aggregated.cast());
    }
    return add(")").cast(aggregated.resultCast());
  }

  private SqlText cast(@Nullable String type) {
    return type == null ? this : add("::").add(type);
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
          field(alias, field).add(" " + sql(operator) + " ").bind(value);
      case Condition.ComparedWithEach each ->
          field(alias, each.field())
              .add(" %s %s(".formatted(sql(each.operator()), each.withAll() ? "all" : "any"))
              .bind(array(each.values()))
              .add(")");
      case Condition.OneOf(Field field, List<String> members) -> oneOf(alias, field, members);
      case Condition.Is(Field field, Condition.Predicate predicate) ->
          field(alias, field)
              .add(" is ")
              .add(predicate.name().toLowerCase(Locale.ROOT).replace('_', ' '));
      case Condition.Contains contains -> new WordSearch(model, this).condition(alias, contains);
    };
  }

  private static String sql(Operator operator) {
    return switch (operator) {
      case EQ -> "=";
      case NEQ -> "<>";
      case GT -> ">";
      case GTE -> ">=";
      case LT -> "<";
      case LTE -> "<=";
      case ISDISTINCT -> "is distinct from";
      case LIKE -> "like";
      case ILIKE -> "ilike";
      case MATCH -> "~";
      case IMATCH -> "~*";
      case CS -> "@>";
      case CD -> "<@";
      case OV -> "&&";
      case SL -> "<<";
      case SR -> ">>";
      case NXL -> "&>";
      case NXR -> "&<";
      case ADJ -> "-|-";
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

  private boolean isRank(Field field) {
    return field.path().isEmpty() && model.isRank(field.column());
  }

  /** Whether a field's value is JSON, and not text. */
  boolean isJson(Field field) {
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

  /**
   * The rows that a query asks for, after {@code select}: in order, but for how many and from where
   * on.
   */
  SqlText rows(ModelQuery query) {
    values(query).filtered(query, query.seek());
    return query.isGrouped() ? groupBy(query).orderByPlaces(query) : orderBy("m", sorted(query));
  }

  /** The values of such rows. */
  SqlText values(ModelQuery query) {
    return query.selected().isEmpty() && !model.hidesColumns()
        ? add("m.*")
        : selected("m", SelectStatement.values(model, query));
  }

  /** Where they come from. */
  SqlText filtered(ModelQuery query, @Nullable Seek seek) {
    add(" from ").add(model.quotedName()).add(" m");
    String before = " where ";
    if (!query.where().equals(ANYTHING)) {
      add(before).condition("m", query.where());
      before = " and ";
    }
    return seek == null ? this : add(before).behind("m", sorted(query), seek.values());
  }

  /** The order in which they are read. */
  List<ModelQuery.Order> sorted(ModelQuery query) {
    Seek seek = query.seek();
    return seek != null && seek.isBackwards()
        ? query.order().stream().map(ModelQuery.Order::reversed).toList()
        : query.order();
  }

  /** What the number of them is the number of, after {@code select}. */
  SqlText counted(ModelQuery query) {
    if (!query.isGrouped()) {
      return filtered(query, null);
    }
    return values(query).filtered(query, null).groupBy(query);
  }

  private SqlText groupBy(ModelQuery query) {
    // By their places among the values, so that each is written once.
    String before = " group by ";
    for (int i = 0; i < query.selected().size(); i++) {
      if (query.selected().get(i) instanceof Selected.Value) {
        add(before).add(Integer.toString(i + 1));
        before = ", ";
      }
    }
    return this;
  }

  /** Groups by the places of their values: the same path again would have other values bound. */
  private SqlText orderByPlaces(ModelQuery query) {
    String before = " order by ";
    for (ModelQuery.Order member : query.order()) {
      for (int i = 0; i < query.selected().size(); i++) {
        if (query.selected().get(i) instanceof Selected.Value value
            && value.cast() == null
            && value.field().equals(member.field())) {
          add(before).add(direction(Integer.toString(i + 1), member));
          before = ", ";
          break;
        }
      }
    }
    return this;
  }

  /** A member of an order. */
  SqlText order(String alias, ModelQuery.Order member) {
    return field(alias, member.field()).add(direction("", member));
  }

  /** An expression with the direction in which it is sorted. */
  static String direction(String expression, ModelQuery.Order member) {
    return expression
        + (member.descending() ? " desc" : "")
        + (member.nulls() == null
            ? ""
            : " nulls " + member.nulls().name().toLowerCase(Locale.ROOT));
  }

  /** Members of an order, after {@code order by}; nothing where there are none. */
  SqlText orderBy(String alias, List<ModelQuery.Order> members) {
    String before = " order by ";
    for (ModelQuery.Order member : members) {
      add(before).order(alias, member);
      before = ", ";
    }
    return this;
  }

  /**
   * What rows behind a place are like, in this order. The values of its first members are equal to
   * the place's, and the next one is behind it; for any number of them.
   */
  SqlText behind(String alias, List<ModelQuery.Order> order, List<Optional<String>> place) {
    if (canCompareRows(order, place)) {
      String comma = "(";
      for (ModelQuery.Order member : order) {
        add(comma).field(alias, member.field());
        comma = ", ";
      }
      add(order.getFirst().descending() ? ") < " : ") > ");
      comma = "(";
      for (Optional<String> value : place) {
        add(comma).bind(value.orElseThrow());
        comma = ", ";
      }
      return add(")");
    }
    // The first member alone bounds what an index is read for.
    add("(").atOrBehind(alias, order.getFirst(), place.getFirst()).add(" and (");
    for (int last = 0; last < order.size(); last++) {
      add(last == 0 ? "" : " or ");
      for (int i = 0; i < last; i++) {
        same(alias, order.get(i), place.get(i)).add(" and ");
      }
      behind(alias, order.get(last), place.get(last));
    }
    return add("))");
  }

  /** Where no value is null, and all go one way. */
  private boolean canCompareRows(List<ModelQuery.Order> order, List<Optional<String>> place) {
    return place.stream().allMatch(Optional::isPresent)
        && order.stream()
            .allMatch(
                member ->
                    isNeverNull(member) && member.descending() == order.getFirst().descending());
  }

  private SqlText same(String alias, ModelQuery.Order member, Optional<String> value) {
    field(alias, member.field());
    return value.isEmpty() ? add(" is null") : add(" = ").bind(value.get());
  }

  private SqlText behind(String alias, ModelQuery.Order member, Optional<String> value) {
    if (value.isEmpty()) {
      return member.isNullsFirst()
          ? field(alias, member.field()).add(" is not null")
          : add("false");
    }
    return beyond(alias, member, member.descending() ? " < " : " > ", value.get());
  }

  private SqlText atOrBehind(String alias, ModelQuery.Order member, Optional<String> value) {
    if (value.isEmpty()) {
      return member.isNullsFirst() ? add("true") : field(alias, member.field()).add(" is null");
    }
    return beyond(alias, member, member.descending() ? " <= " : " >= ", value.get());
  }

  private SqlText beyond(String alias, ModelQuery.Order member, String comparison, String value) {
    if (member.isNullsFirst() || isNeverNull(member)) {
      return field(alias, member.field()).add(comparison).bind(value);
    }
    return add("(")
        .field(alias, member.field())
        .add(comparison)
        .bind(value)
        .add(" or ")
        .field(alias, member.field())
        .add(" is null)");
  }

  private boolean isNeverNull(ModelQuery.Order member) {
    return isRank(member.field())
        || (member.field().path().isEmpty() && model.neverNull().contains(member.field().column()));
  }

  /** All that a statement has. */
  SqlText add(SelectStatement statement) {
    values.addAll(statement.values());
    return add(statement.sql());
  }
}
