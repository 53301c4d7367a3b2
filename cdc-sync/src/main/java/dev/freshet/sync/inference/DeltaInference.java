package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.inference.DeltaPlan.Contribution;
import dev.freshet.sync.inference.DeltaPlan.Kind;
import dev.freshet.sync.inference.DeltaPlan.State;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a model's groups can be kept by deltas.
 *
 * <p>The joined rows of a group are split by the rows of one table R that is there in every row:
 * what a set of R's rows contributes to counts, sums and extremes is taken away before a change and
 * added after it. R is the changed table itself, or one that it is outer-joined to, as then what is
 * null-extended is accounted for. Where groups are as large as R's rows, R is of no use; a changed
 * outer-joined table is its own R then, provided that no aggregate sees a row without it.
 */
final class DeltaInference {

  private final Joined joined;
  private final List<String> key;
  private final Relations relations;
  private final Map<String, AggregateCall> calls = new LinkedHashMap<>();
  private final List<State> states = new ArrayList<>();
  private final List<String> stateSql = new ArrayList<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();
  private boolean hasOtherColumns;
  private From.@Nullable Table distinctOf;

  private DeltaInference(Joined joined, List<String> key, Relations relations) {
    this.joined = joined;
    this.key = key;
    this.relations = relations;
  }

  /**
   * The plan; empty when the groups are to be recomputed.
   *
   * @param ambiguous columns whose equal values may look different
   */
  static Optional<DeltaPlan> of(
      Select select, List<String> key, Set<String> ambiguous, Relations relations) {
    return Joined.of(select)
        .map(joined -> new DeltaInference(joined, key, relations))
        .filter(inference -> inference.looksTheSame(key, ambiguous))
        .flatMap(DeltaInference::plan);
  }

  /** Which look a group has can't be told once rows of another look are gone. */
  private boolean looksTheSame(List<String> key, Set<String> ambiguous) {
    return key.stream()
        .filter(ambiguous::contains)
        .allMatch(
            column ->
                FixedScale.of(joined.output(column).expression().sql(), this::type).isPresent());
  }

  private Optional<DeltaPlan> plan() {
    Set<String> grouped =
        joined.groupBy().stream().map(Expression::sql).collect(Collectors.toSet());
    Set<String> keyed =
        key.stream().map(c -> joined.output(c).expression().sql()).collect(Collectors.toSet());
    if (!grouped.equals(keyed) || !readOutputs(grouped) || calls.isEmpty()) {
      return Optional.empty();
    }
    Map<TableName, Contribution> ways = new TreeMap<>();
    boolean insertable = !hasOtherColumns && addWaysByRowsThatAreAlwaysThere(ways);
    if (!insertable) {
      ways.clear();
      if (distinctOf != null || !addWaysOfOuterRows(ways)) {
        return Optional.empty();
      }
    }
    return ways.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new DeltaPlan(
                key, states, joined.groupSelect(key, selectList()), ways, outputs, insertable));
  }

  private String selectList() {
    return "count(*) as "
        + DeltaPlan.ROWS
        + stateSql.stream().map(sql -> ", " + sql).collect(Collectors.joining());
  }

  /** Takes every output apart; false when one does not follow from states. */
  private boolean readOutputs(Set<String> grouped) {
    for (Output output : joined.outputs()) {
      String column = output.name();
      String text = output.expression().sql();
      Optional<List<AggregateCall>> found = AggregateCall.in(text, relations.aggregates());
      if (found.isEmpty() || output.expression().hasQueries()) {
        return false;
      }
      if (found.get().isEmpty()) {
        hasOtherColumns |= !key.contains(column) && !grouped.contains(text);
        if (!key.contains(column) && grouped.contains(text)) {
          return false;
        }
        continue;
      }
      StringBuilder sql = new StringBuilder(text);
      for (AggregateCall call : found.get().reversed()) {
        Optional<String> state = state(call);
        if (state.isEmpty()) {
          return false;
        }
        sql.replace(call.start(), call.end(), state.get());
      }
      if (!joined.mentioned(sql.toString()).isEmpty()) {
        return false;
      }
      outputs.put(column, sql.toString());
    }
    return true;
  }

  /** What a call's result is, by states, which are added where they are new. */
  private Optional<String> state(AggregateCall call) {
    String table = DeltaPlan.STATES + ".";
    calls.putIfAbsent(call.sql(call.name()), call);
    if (call.distinct()) {
      Optional<From.Table> of = keyedBy(call.argument());
      if (!call.name().equals("count") || !call.filter().isEmpty() || of.isEmpty()) {
        return Optional.empty();
      }
      if (distinctOf != null && !distinctOf.equals(of.get())) {
        return Optional.empty();
      }
      distinctOf = of.get();
      return Optional.of(table + add(call.sql("count"), Kind.SUM));
    }
    return switch (call.name()) {
      case "count" -> Optional.of(table + add(call.sql("count"), Kind.SUM));
      case "min" -> Optional.of(table + add(call.sql("min"), Kind.MIN));
      case "max" -> Optional.of(table + add(call.sql("max"), Kind.MAX));
      default -> {
        if (FixedScale.of(call.argument(), this::type).isEmpty()) {
          yield Optional.empty();
        }
        String sum = table + add(call.sql("sum"), Kind.SUM);
        String count = table + add(call.sql("count"), Kind.SUM);
        yield Optional.of(
            call.name().equals("sum")
                ? "(case when %s > 0 then %s end)".formatted(count, sum)
                : "(case when %s > 0 then %s::numeric / %s end)".formatted(count, sum, count));
      }
    };
  }

  private String add(String sql, Kind kind) {
    for (int i = 0; i < stateSql.size(); i++) {
      if (stateSql.get(i).startsWith(sql + " as ")) {
        return states.get(i).column();
      }
    }
    String column = "freshet_" + (states.size() + 1);
    states.add(new State(column, kind));
    stateSql.add(sql + " as " + column);
    return column;
  }

  private @Nullable String type(net.sf.jsqlparser.schema.Column column) {
    Set<ColumnRef> mentioned = joined.mentioned(column.toString());
    if (mentioned.size() != 1) {
      return null;
    }
    ColumnRef only = mentioned.iterator().next();
    From.Table table = joined.table(only.alias());
    return relations
        .columnTypes()
        .getOrDefault(table.name(), Map.of())
        .get(table.storedName(only.column()));
  }

  /** None where the query gives columns other names: the mirror is asked by those it has. */
  private List<String> primaryKey(From.Table table) {
    return table.columns().equals(table.stored()) ? relations.keyOf(table) : List.of();
  }

  /** The table whose whole primary key an expression is. */
  private Optional<From.Table> keyedBy(String expression) {
    Set<ColumnRef> mentioned = joined.mentioned(expression);
    if (mentioned.size() != 1 || !isColumn(expression)) {
      return Optional.empty();
    }
    ColumnRef only = mentioned.iterator().next();
    From.Table table = joined.table(only.alias());
    return !joined.isNullable(table) && primaryKey(table).equals(List.of(only.column()))
        ? Optional.of(table)
        : Optional.empty();
  }

  private static boolean isColumn(String expression) {
    return SqlTokens.of(expression).stream()
        .allMatch(token -> token.isName() || token.isSymbol("."));
  }

  /** Whether a group has rows of one row of the table alone. */
  private boolean isDetermined(From.Table table) {
    List<String> primaryKey = primaryKey(table);
    return primaryKey.isEmpty()
        || primaryKey.stream()
            .allMatch(
                column ->
                    joined.groupBy().stream()
                        .anyMatch(
                            by ->
                                by.isColumn()
                                    && by.columns()
                                        .equals(Set.of(new ColumnRef(table.alias(), column)))));
  }

  private boolean isReadOnce(From.Table table) {
    return joined.tables().stream().filter(t -> t.name().equals(table.name())).count() == 1;
  }

  private boolean addWaysByRowsThatAreAlwaysThere(Map<TableName, Contribution> ways) {
    From.Table distinct = distinctOf;
    if (distinct != null
        && !joined.groupBy().stream()
            .flatMap(g -> g.columns().stream())
            .allMatch(c -> c.alias().equals(distinct.alias()))) {
      return false;
    }
    for (From.Table changed : joined.tables()) {
      if (!isReadOnce(changed)) {
        continue;
      }
      Optional<From.Table> by = distinct != null ? Optional.of(distinct) : joined.steady(changed);
      if (by.isEmpty() || isDetermined(by.get()) || !isReadOnce(by.get())) {
        continue;
      }
      From.Table restricted = by.get();
      String reach =
          restricted.equals(changed)
              ? null
              : joined.reach(changed, restricted, primaryKey(restricted));
      ways.put(
          changed.name(),
          new Contribution(
              restricted.name(),
              primaryKey(restricted),
              joined.contribution(restricted, key, selectList()),
              reach));
    }
    return !ways.isEmpty();
  }

  /** Groups are rows of the one table that is always there; others come and go within them. */
  private boolean addWaysOfOuterRows(Map<TableName, Contribution> ways) {
    List<From.Table> always =
        joined.tables().stream().filter(table -> !joined.isNullable(table)).toList();
    if (always.size() != 1
        || !isDetermined(always.getFirst())
        || primaryKey(always.getFirst()).isEmpty()
        || !joined.where().stream()
            .allMatch(
                c ->
                    c.columns().stream()
                        .allMatch(r -> r.alias().equals(always.getFirst().alias())))) {
      return false;
    }
    for (From.Table changed : joined.tables()) {
      boolean unseenWithout =
          calls.values().stream().allMatch(call -> isNothingWithout(changed, call));
      if (joined.isNullable(changed)
          && unseenWithout
          && isReadOnce(changed)
          && !primaryKey(changed).isEmpty()) {
        ways.put(
            changed.name(),
            new Contribution(
                changed.name(),
                primaryKey(changed),
                joined.contribution(changed, key, selectList()),
                null));
      }
    }
    return !ways.isEmpty();
  }

  /** Whether rows in which the table is null-extended add nothing to an aggregate. */
  private boolean isNothingWithout(From.Table table, AggregateCall call) {
    return isNullWithout(table, call.argument()) || isNullWithout(table, call.filter());
  }

  private boolean isNullWithout(From.Table table, String expression) {
    if (expression.isEmpty() || !isStrict(expression)) {
      return false;
    }
    Set<String> gone = joined.goneWithout(table, DeltaInference::isStrict);
    return joined.mentioned(expression).stream().anyMatch(c -> gone.contains(c.alias()));
  }

  /**
   * Made of columns, literals, casts, arithmetic and comparisons alone: null when any of them is.
   */
  private static boolean isStrict(String expression) {
    List<SqlTokens.Token> tokens = SqlTokens.of(expression);
    for (int i = 0; i < tokens.size(); i++) {
      SqlTokens.Token token = tokens.get(i);
      if (token.isSymbol("::") && i + 1 < tokens.size() && tokens.get(i + 1).isName()) {
        int behind = SqlTokens.behindType(tokens, i + 1);
        if (tokens.get(Math.min(i + 2, tokens.size() - 1)).isSymbol(".")) {
          return false; // a cast to a type of the user's own may be a function of the user's own
        }
        i = behind - 1;
        continue;
      }
      boolean isCall = i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("(") && token.isName();
      boolean isKeyword =
          token.kind() == SqlTokens.Kind.WORD
              && Set.of("case", "is", "or", "not", "and", "in", "any", "all", "between", "null")
                  .contains(token.text());
      boolean isOperator =
          token.kind() == SqlTokens.Kind.SYMBOL && !"+-*/%<>=!().".contains(token.text());
      if (isCall || isKeyword || isOperator) {
        return false;
      }
    }
    return true;
  }
}
