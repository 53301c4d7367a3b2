package dev.freshet.sync.inference;

import dev.freshet.sync.inference.DeltaPlan.Contribution;
import dev.freshet.sync.inference.DeltaPlan.Kind;
import dev.freshet.sync.inference.DeltaPlan.State;
import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.inference.Source.Relation;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.HashSet;
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

  private final Block block;
  private final List<String> key;
  private final Relations relations;
  private final Map<String, AggregateCall> calls = new LinkedHashMap<>();
  private final List<State> states = new ArrayList<>();
  private final List<String> stateSql = new ArrayList<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();
  private boolean hasOtherColumns;
  private @Nullable Source distinctOf;

  private DeltaInference(Block block, List<String> key, Relations relations) {
    this.block = block;
    this.key = key;
    this.relations = relations;
  }

  /** The plan; empty when the groups are to be recomputed. */
  static Optional<DeltaPlan> of(Block block, List<String> key, Relations relations) {
    return new DeltaInference(block, key, relations).plan();
  }

  private Optional<DeltaPlan> plan() {
    Set<String> grouped = block.groupBy().stream().map(Condition::text).collect(Collectors.toSet());
    Set<String> keyed =
        key.stream().map(c -> block.output(c).orElseThrow().text()).collect(Collectors.toSet());
    boolean isPlain =
        block.isPlainGrouping()
            && !grouped.isEmpty()
            && grouped.equals(keyed)
            && block.sources().stream().allMatch(s -> s.relation() instanceof Relation.Table);
    if (!isPlain || !readOutputs(grouped) || calls.isEmpty()) {
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
                key, states, block.groupSelect(key, selectList()), ways, outputs, insertable));
  }

  private String selectList() {
    return "count(*) as "
        + DeltaPlan.ROWS
        + stateSql.stream().map(sql -> ", " + sql).collect(Collectors.joining());
  }

  /** Takes every output apart; false when one does not follow from states. */
  private boolean readOutputs(Set<String> grouped) {
    for (String column : block.columns()) {
      Condition output = block.output(column).orElseThrow();
      Optional<List<AggregateCall>> found = AggregateCall.in(output.text(), relations.aggregates());
      if (found.isEmpty() || output.hasSubquery()) {
        return false;
      }
      if (found.get().isEmpty()) {
        hasOtherColumns |= !key.contains(column) && !grouped.contains(output.text());
        if (!key.contains(column) && grouped.contains(output.text())) {
          return false;
        }
        continue;
      }
      StringBuilder sql = new StringBuilder(output.text());
      for (AggregateCall call : found.get().reversed()) {
        Optional<String> state = state(call);
        if (state.isEmpty()) {
          return false;
        }
        sql.replace(call.start(), call.end(), state.get());
      }
      if (!block.mentioned(sql.toString()).isEmpty()) {
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
      Optional<Source> of = keyedBy(call.argument());
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
    Set<Source.ColumnRef> mentioned = block.mentioned(column.toString());
    if (mentioned.size() != 1) {
      return null;
    }
    Source.ColumnRef only = mentioned.iterator().next();
    return block.source(only.alias()).relation() instanceof Relation.Table table
        ? relations.columnTypes().getOrDefault(table.name(), Map.of()).get(only.column())
        : null;
  }

  private List<String> primaryKey(Source source) {
    return source.relation() instanceof Relation.Table table
        ? relations.primaryKeys().getOrDefault(table.name(), List.of())
        : List.of();
  }

  /** The item whose whole primary key an expression is. */
  private Optional<Source> keyedBy(String expression) {
    Set<Source.ColumnRef> mentioned = block.mentioned(expression);
    if (mentioned.size() != 1 || !Block.isColumn(expression)) {
      return Optional.empty();
    }
    Source.ColumnRef only = mentioned.iterator().next();
    Source source = block.source(only.alias());
    return !source.nullable() && primaryKey(source).equals(List.of(only.column()))
        ? Optional.of(source)
        : Optional.empty();
  }

  /** Whether a group has rows of one row of the item alone. */
  private boolean isDetermined(Source source) {
    List<String> primaryKey = primaryKey(source);
    return primaryKey.isEmpty()
        || primaryKey.stream()
            .allMatch(
                column ->
                    block.groupBy().stream()
                        .anyMatch(
                            g ->
                                Block.isColumn(g.text())
                                    && g.columns()
                                        .equals(
                                            Set.of(new Source.ColumnRef(source.alias(), column)))));
  }

  private boolean isReadOnce(TableName table) {
    return block.sources().stream()
            .filter(s -> s.relation() instanceof Relation.Table t && t.name().equals(table))
            .count()
        == 1;
  }

  private static TableName table(Source source) {
    return ((Relation.Table) source.relation()).name();
  }

  private boolean addWaysByRowsThatAreAlwaysThere(Map<TableName, Contribution> ways) {
    if (distinctOf != null
        && !block.groupBy().stream()
            .flatMap(g -> g.columns().stream())
            .allMatch(c -> c.alias().equals(distinctOf.alias()))) {
      return false;
    }
    for (Source changed : block.sources()) {
      if (!isReadOnce(table(changed))) {
        continue;
      }
      Optional<Source> by =
          distinctOf != null
              ? Optional.of(distinctOf)
              : !changed.nullable()
                  ? Optional.of(changed)
                  : block.needed(changed).stream()
                      .map(block::source)
                      .filter(s -> !s.nullable())
                      .findFirst();
      if (by.isEmpty() || isDetermined(by.get()) || !isReadOnce(table(by.get()))) {
        continue;
      }
      Source restricted = by.get();
      String reach =
          restricted.equals(changed)
              ? null
              : block.reach(changed, restricted, primaryKey(restricted));
      ways.put(
          table(changed),
          new Contribution(
              table(restricted),
              primaryKey(restricted),
              block.contribution(restricted, key, selectList()),
              reach));
    }
    return !ways.isEmpty();
  }

  /** Groups are rows of the one item that is always there; others come and go within them. */
  private boolean addWaysOfOuterRows(Map<TableName, Contribution> ways) {
    List<Source> always = block.sources().stream().filter(s -> !s.nullable()).toList();
    if (always.size() != 1
        || !isDetermined(always.getFirst())
        || primaryKey(always.getFirst()).isEmpty()
        || !block.where().stream()
            .allMatch(
                c ->
                    !c.hasSubquery()
                        && c.columns().stream()
                            .allMatch(r -> r.alias().equals(always.getFirst().alias())))) {
      return false;
    }
    for (Source changed : block.sources()) {
      boolean unseenWithout =
          calls.values().stream().allMatch(call -> isNothingWithout(changed, call));
      if (changed.nullable() && unseenWithout && isReadOnce(table(changed))) {
        ways.put(
            table(changed),
            new Contribution(
                table(changed),
                primaryKey(changed),
                block.contribution(changed, key, selectList()),
                null));
      }
    }
    ways.entrySet().removeIf(way -> way.getValue().tableKey().isEmpty());
    return !ways.isEmpty();
  }

  /** Whether rows in which the item is null-extended add nothing to an aggregate. */
  private boolean isNothingWithout(Source item, AggregateCall call) {
    return isNullWithout(item, call.argument()) || isNullWithout(item, call.filter());
  }

  private boolean isNullWithout(Source item, String expression) {
    return !expression.isEmpty()
        && isStrict(expression)
        && block.mentioned(expression).stream()
            .anyMatch(c -> goneWithout(item).contains(c.alias()));
  }

  /** The items that are null-extended where this one is: their conditions can't be true then. */
  private Set<String> goneWithout(Source item) {
    Set<String> gone = new HashSet<>(Set.of(item.alias()));
    boolean more = true;
    while (more) {
      more = false;
      for (Source source : block.sources()) {
        more |=
            source.join() == Source.Join.LEFT
                && source.conditions().stream()
                    .anyMatch(c -> isStrict(c.text()) && gone.stream().anyMatch(c::mentions))
                && gone.add(source.alias());
      }
    }
    return gone;
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
