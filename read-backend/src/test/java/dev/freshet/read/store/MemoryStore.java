package dev.freshet.read.store;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.Condition;
import dev.freshet.read.query.Field;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Operator;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.Seek;
import dev.freshet.read.query.Selected;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A store that is not SQL: one model of plain columns in a list. */
final class MemoryStore implements ModelStore {

  private static final JsonMapper JSON = new JsonMapper();

  private final Model model;
  private final List<Map<String, Object>> rows;

  MemoryStore(Model model, List<List<@Nullable Object>> rows) {
    this.model = model;
    this.rows =
        rows.stream()
            .map(
                values -> {
                  Map<String, Object> row = new LinkedHashMap<>();
                  int i = 0;
                  for (String column : model.columns().keySet()) {
                    Object value = values.get(i++);
                    if (value != null) {
                      row.put(column, value);
                    }
                  }
                  return row;
                })
            .toList();
  }

  @Override
  public Optional<Model> find(String name, Asker asker) {
    return name.equals(model.name()) ? Optional.of(model) : Optional.empty();
  }

  @Override
  public Collection<Model> all(Asker asker) {
    return List.of(model);
  }

  @Override
  public boolean expects(String name) {
    return false;
  }

  @Override
  public void forget() {}

  @Override
  public boolean hasTimeZone(String name) {
    return false;
  }

  @Override
  public Answer rows(Question question) {
    ModelQuery query = question.query();
    List<Map<String, Object>> through =
        rows.stream().filter(row -> Boolean.TRUE.equals(holds(query.where(), row))).toList();
    Seek seek = query.seek();
    boolean isBackwards = seek != null && seek.isBackwards();
    List<ModelQuery.Order> order =
        isBackwards
            ? query.order().stream().map(ModelQuery.Order::reversed).toList()
            : query.order();
    List<Map<String, Object>> sorted =
        through.stream()
            .filter(seek == null ? _ -> true : behind(order, seek))
            .sorted(comparing(order))
            .skip(query.offset())
            .toList();
    long limit = query.limit() == null ? Long.MAX_VALUE : query.limit();
    List<Map<String, Object>> page = sorted.stream().limit(limit).toList();
    Optional<List<Optional<String>>> near =
        seek == null || page.isEmpty()
            ? Optional.empty()
            : Optional.of(texts(page.getFirst(), order));
    Optional<List<Optional<String>>> far =
        sorted.size() <= page.size() || page.isEmpty()
            ? Optional.empty()
            : Optional.of(texts(page.getLast(), order));
    return new Answer.Rows(
        position(),
        new Answer.Body.Whole(
            body(question, isBackwards ? page.reversed() : page).getBytes(StandardCharsets.UTF_8)),
        page.size(),
        (long) through.size(),
        isBackwards
            ? new Answer.Page(far.orElse(null), near.orElse(null))
            : new Answer.Page(near.orElse(null), far.orElse(null)));
  }

  @Override
  public Answer row(Question question) {
    byte[] body =
        rows.stream()
            .filter(row -> Boolean.TRUE.equals(holds(question.query().where(), row)))
            .findFirst()
            .map(row -> JSON.writeValueAsBytes(shown(question, row)))
            .orElse(null);
    return new Answer.Row(position(), body, null);
  }

  private static Optional<Position> position() {
    return Optional.of(new Position(1, Lsn.parse("0/1")));
  }

  private String body(Question question, List<Map<String, Object>> page) {
    List<ObjectNode> shown = page.stream().map(row -> shown(question, row)).toList();
    if (question.form().isSingular()) {
      return shown.isEmpty() ? "" : shown.getFirst().toString();
    }
    if (question.form() == Representation.CSV) {
      return String.join(",", shown.getFirst().propertyNames())
          + shown.stream()
              .map(
                  row ->
                      row.values().stream()
                          .map(value -> value.isNull() ? "" : value.asString())
                          .collect(Collectors.joining(",", "\n", "")))
              .collect(Collectors.joining());
    }
    return shown.toString();
  }

  private ObjectNode shown(Question question, Map<String, Object> row) {
    ObjectNode shown = JSON.createObjectNode();
    if (question.query().selected().isEmpty()) {
      model.columns().keySet().forEach(column -> show(question, shown, column, row.get(column)));
    }
    for (Selected.Value value : question.query().groups()) {
      show(question, shown, value.name(), row.get(value.field().column()));
    }
    return shown;
  }

  private static void show(
      Question question, ObjectNode shown, String name, @Nullable Object value) {
    if (value != null) {
      shown.set(name, JSON.valueToTree(value));
    } else if (!question.form().isWithoutNulls()) {
      shown.putNull(name);
    }
  }

  /** As SQL has it: null where nothing is known. */
  private @Nullable Boolean holds(Condition condition, Map<String, Object> row) {
    return switch (condition) {
      case Condition.All(List<Condition> all) -> joined(all, row, false);
      case Condition.Any(List<Condition> any) -> joined(any, row, true);
      case Condition.Not(Condition not) -> {
        Boolean held = holds(not, row);
        yield held == null ? null : Boolean.valueOf(!held);
      }
      case Condition.Compared compared ->
          compare(value(compared.field(), row), compared.operator(), compared.value());
      case Condition.ComparedWithEach each ->
          joined(
              each.values().stream()
                  .<Condition>map(
                      value -> new Condition.Compared(each.field(), each.operator(), value))
                  .toList(),
              row,
              !each.withAll());
      case Condition.OneOf oneOf ->
          joined(
              oneOf.values().stream()
                  .<Condition>map(
                      value -> new Condition.Compared(oneOf.field(), Operator.EQ, value))
                  .toList(),
              row,
              true);
      case Condition.Is is -> is(value(is.field(), row), is.predicate());
      case Condition.Contains _ -> throw new UnsupportedOperationException();
    };
  }

  /** The value that decides is true for any, and false for all. */
  private @Nullable Boolean joined(
      List<Condition> conditions, Map<String, Object> row, boolean deciding) {
    boolean isKnown = true;
    for (Condition condition : conditions) {
      Boolean held = holds(condition, row);
      if (held == null) {
        isKnown = false;
      } else if (held == deciding) {
        return deciding;
      }
    }
    return isKnown ? Boolean.valueOf(!deciding) : null;
  }

  private static boolean is(@Nullable Object value, Condition.Predicate predicate) {
    return switch (predicate) {
      case NULL, UNKNOWN -> value == null;
      case NOT_NULL -> value != null;
      case TRUE -> Boolean.TRUE.equals(value);
      case FALSE -> Boolean.FALSE.equals(value);
    };
  }

  private static @Nullable Object value(Field field, Map<String, Object> row) {
    return row.get(field.column());
  }

  private static @Nullable Boolean compare(@Nullable Object value, Operator operator, String with) {
    if (operator == Operator.ISDISTINCT) {
      return value == null || compareTo(value, with) != 0;
    }
    if (value == null) {
      return null;
    }
    return switch (operator) {
      case EQ -> compareTo(value, with) == 0;
      case NEQ -> compareTo(value, with) != 0;
      case GT -> compareTo(value, with) > 0;
      case GTE -> compareTo(value, with) >= 0;
      case LT -> compareTo(value, with) < 0;
      case LTE -> compareTo(value, with) <= 0;
      case LIKE -> pattern(with, 0).matcher(value.toString()).matches();
      case ILIKE -> pattern(with, Pattern.CASE_INSENSITIVE).matcher(value.toString()).matches();
      default -> throw new UnsupportedOperationException(operator.name());
    };
  }

  private static Pattern pattern(String like, int flags) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < like.length(); i++) {
      char c = like.charAt(i);
      if (c == '\\' && i + 1 < like.length()) {
        regex.append(Pattern.quote(like.substring(++i, i + 1)));
      } else {
        regex.append(c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString(), flags | Pattern.DOTALL);
  }

  private static int compareTo(Object value, String with) {
    return value instanceof Integer number
        ? new BigDecimal(number).compareTo(new BigDecimal(with))
        : value.toString().compareTo(with);
  }

  private static Comparator<Map<String, Object>> comparing(List<ModelQuery.Order> order) {
    Comparator<Map<String, Object>> all = (_, _) -> 0;
    for (ModelQuery.Order member : order) {
      all =
          all.thenComparing(
              (a, b) ->
                  compare(
                      member,
                      value(member.field(), a),
                      Optional.ofNullable(value(member.field(), b)).map(Object::toString)));
    }
    return all;
  }

  private static int compare(
      ModelQuery.Order member, @Nullable Object value, Optional<String> with) {
    if (value == null || with.isEmpty()) {
      int nullsLast = Boolean.compare(value == null, with.isEmpty());
      return member.isNullsFirst() ? -nullsLast : nullsLast;
    }
    return member.descending() ? -compareTo(value, with.get()) : compareTo(value, with.get());
  }

  private static Predicate<Map<String, Object>> behind(List<ModelQuery.Order> order, Seek seek) {
    return row -> {
      for (int i = 0; i < order.size(); i++) {
        int compared =
            compare(order.get(i), value(order.get(i).field(), row), seek.values().get(i));
        if (compared != 0) {
          return compared > 0;
        }
      }
      return false;
    };
  }

  private static List<Optional<String>> texts(
      Map<String, Object> row, List<ModelQuery.Order> order) {
    List<Optional<String>> texts = new ArrayList<>();
    order.forEach(
        member -> texts.add(Optional.ofNullable(value(member.field(), row)).map(Object::toString)));
    return texts;
  }
}
