package dev.freshet.sync.inference;

import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.inference.Source.Join;
import dev.freshet.sync.inference.Source.Relation;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One SELECT.
 *
 * <p>A changed row touches the result rows that are made of it. They are found by the FROM with the
 * changed item inner-joined and reduced to its changed rows, and without HAVING. A condition of
 * WHERE is kept when all that it mentions is there in every row: one that asks for nulls of an
 * outer join would hide what comes and goes with it.
 *
 * <p>Only columns are asked for whose value is the same in the row that goes and in the row that
 * comes. Those of an outer-joined item are not, when the item itself changes: nulls stood there.
 * Under window functions, DISTINCT ON and LIMIT rows decide on others, so that only what all those
 * rows have in common is asked for.
 */
final class Block {

  private final String with;
  private final List<Source> sources;
  private final Map<String, Condition> outputs;
  private final Set<String> aggregated;
  private final List<Condition> where;
  private final Grouping grouping;
  private final Shared shared;
  private final Set<TableName> tablesInExpressions;

  /**
   * What rows that decide on each other have in common.
   *
   * @param expressions as SQL; null when rows are decided on by themselves
   * @param because what makes rows decide on each other, for people
   */
  record Shared(@Nullable Set<String> expressions, String because) {}

  /**
   * What the query does with the joined rows.
   *
   * @param by the expressions of GROUP BY
   * @param plain whether each group is a row of the result: no HAVING, DISTINCT, windows or LIMIT
   */
  record Grouping(List<Condition> by, boolean plain) {}

  /**
   * Puts a SELECT together.
   *
   * @param with its WITH clause, or empty
   * @param outputs its columns by name, in order
   * @param aggregated those of them that are made of several rows
   * @param where the conjuncts of WHERE
   * @param tablesInExpressions mentioned by subqueries outside FROM
   */
  Block(
      String with,
      List<Source> sources,
      Map<String, Condition> outputs,
      Set<String> aggregated,
      List<Condition> where,
      Grouping grouping,
      Shared shared,
      Set<TableName> tablesInExpressions) {
    this.with = with;
    this.sources = List.copyOf(sources);
    this.outputs = new LinkedHashMap<>(outputs);
    this.aggregated = Set.copyOf(aggregated);
    this.where = List.copyOf(where);
    this.grouping = grouping;
    this.shared = shared;
    this.tablesInExpressions = tablesInExpressions;
  }

  BlockIndexes indexes() {
    return new BlockIndexes(this);
  }

  List<String> columns() {
    return List.copyOf(outputs.keySet());
  }

  List<Source> sources() {
    return sources;
  }

  List<Condition> where() {
    return where;
  }

  Optional<Condition> output(String column) {
    return Optional.ofNullable(outputs.get(column));
  }

  Set<TableName> tables() {
    Set<TableName> tables = new TreeSet<>(tablesInExpressions);
    for (Source source : sources) {
      switch (source.relation()) {
        case Relation.Table table -> tables.add(table.name());
        case Relation.Derived derived -> tables.addAll(derived.query().tables());
        case Relation.Opaque opaque -> tables.addAll(opaque.tables());
      }
    }
    return tables;
  }

  List<Way> ways(Set<String> wanted) {
    List<Way> ways = new ArrayList<>();
    for (Source source : sources) {
      switch (source.relation()) {
        case Relation.Table table ->
            ways.add(
                way(
                    source,
                    new Way.Known(table.name(), Way.CHANGED_ROWS, Set.copyOf(table.columns())),
                    wanted));
        case Relation.Derived derived -> {
          Set<String> asked = columnsAskedOf(source, wanted);
          for (Way inner : derived.query().ways(inInner(derived, asked))) {
            ways.add(
                switch (inner) {
                  case Way.Unknown unknown -> unknown;
                  case Way.Known known -> way(source, inOuter(derived, known), wanted);
                });
          }
        }
        case Relation.Opaque opaque ->
            opaque
                .tables()
                .forEach(
                    table -> ways.add(new Way.Unknown(table, "it is read by " + opaque.what())));
      }
    }
    tablesInExpressions.forEach(
        table -> ways.add(new Way.Unknown(table, "it is read by a subquery outside FROM")));
    return ways;
  }

  /** The columns of an item that conditions and wanted outputs mention. */
  private Set<String> columnsAskedOf(Source source, Set<String> wanted) {
    List<Condition> asking = new ArrayList<>(where);
    sources.forEach(other -> asking.addAll(other.conditions()));
    wanted.forEach(column -> output(column).ifPresent(asking::add));
    return asking.stream()
        .flatMap(condition -> condition.columns().stream())
        .filter(column -> column.alias().equals(source.alias()))
        .map(Source.ColumnRef::column)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  static Set<String> inInner(Relation.Derived derived, Set<String> columns) {
    return columns.stream()
        .filter(derived.columns()::contains)
        .map(column -> derived.query().columns().get(derived.columns().indexOf(column)))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The way with the names that the FROM gives its columns. */
  private static Way.Known inOuter(Relation.Derived derived, Way.Known known) {
    List<String> inner = derived.query().columns();
    List<String> kept = inner.stream().filter(known.columns()::contains).toList();
    String list =
        kept.stream()
            .map(
                c ->
                    Names.quoted(c)
                        + " as "
                        + Names.quoted(derived.columns().get(inner.indexOf(c))))
            .collect(Collectors.joining(", "));
    return new Way.Known(
        known.table(),
        "(select %s from (%s) way)".formatted(list, known.sql()),
        kept.stream()
            .map(c -> derived.columns().get(inner.indexOf(c)))
            .collect(Collectors.toSet()));
  }

  /** The way from changed rows of one item, given as SQL that has some of its columns. */
  private Way way(Source changed, Way.Known reduced, Set<String> wanted) {
    Map<String, Condition> found = new LinkedHashMap<>();
    for (String column : wanted) {
      Condition output = outputs.get(column);
      if (output != null && !aggregated.contains(column) && isFoundBy(output, changed, reduced)) {
        found.put(column, output);
      }
    }
    if (found.isEmpty()) {
      return new Way.Unknown(reduced.table(), whyNothingIsFound(changed));
    }
    List<Condition> kept =
        where.stream()
            .filter(c -> !c.hasSubquery() && isEverywhere(c) && isKnown(c, changed, reduced))
            .toList();
    Set<String> needed = new LinkedHashSet<>();
    need(changed.alias(), needed);
    found.values().forEach(output -> needAll(output, needed));
    kept.forEach(condition -> needAll(condition, needed));
    sources.stream().filter(s -> s.join() != Join.LEFT).forEach(s -> need(s.alias(), needed));
    String from = from(changed, reduced, needed);
    if (from.isEmpty()) {
      return new Way.Unknown(
          reduced.table(),
          "it is joined by columns of '%s' that change with it".formatted(changed.alias()));
    }
    String list =
        found.entrySet().stream()
            .map(e -> e.getValue().text() + " as " + Names.quoted(e.getKey()))
            .collect(Collectors.joining(", "));
    String conditions =
        kept.isEmpty()
            ? ""
            : kept.stream()
                .map(c -> "(" + c.text() + ")")
                .collect(Collectors.joining(" and ", " where ", ""));
    return new Way.Known(
        reduced.table(),
        "%sselect distinct %s from %s%s".formatted(with, list, from, conditions),
        Set.copyOf(found.keySet()));
  }

  private String whyNothingIsFound(Source changed) {
    if (shared.expressions() != null) {
      return shared.because();
    }
    return changed.nullable()
        ? "it is outer-joined, and its columns tell the rows apart"
        : "no column says which rows a change of it touches";
  }

  private boolean isFoundBy(Condition output, Source changed, Way.Known reduced) {
    if (shared.expressions() != null && !shared.expressions().contains(output.text())) {
      return false;
    }
    if (output.hasSubquery() || !isKnown(output, changed, reduced)) {
      return false;
    }
    return !changed.nullable()
        || output.columns().stream().noneMatch(c -> comesWith(c.alias(), changed.alias()));
  }

  private static boolean isKnown(Condition condition, Source changed, Way.Known reduced) {
    return condition.columns().stream()
        .filter(column -> column.alias().equals(changed.alias()))
        .allMatch(column -> reduced.columns().contains(column.column()));
  }

  private boolean isEverywhere(Condition condition) {
    return condition.columns().stream().noneMatch(column -> source(column.alias()).nullable());
  }

  /** Whether an item is there only with the other, or is it. */
  private boolean comesWith(String alias, String other) {
    if (!source(alias).nullable()) {
      return false;
    }
    Set<String> needed = new LinkedHashSet<>();
    need(alias, needed);
    return needed.contains(other);
  }

  private void need(String alias, Set<String> needed) {
    if (needed.add(alias)) {
      source(alias).needs().forEach(other -> need(other, needed));
    }
  }

  private void needAll(Condition condition, Set<String> needed) {
    condition.columns().forEach(column -> need(column.alias(), needed));
  }

  /** The FROM with the reduced item in it; empty when nothing would connect it to the others. */
  private String from(Source changed, Way.Known reduced, Set<String> needed) {
    StringBuilder sql = new StringBuilder();
    int place = sources.indexOf(changed);
    for (Source source : sources) {
      if (source.join() == Join.LEFT && !needed.contains(source.alias())) {
        continue;
      }
      boolean isChanged = source.equals(changed);
      List<Condition> conditions =
          source.conditions().stream().filter(c -> isKnown(c, changed, reduced)).toList();
      boolean isCut = isChanged && !usingOf(source).stream().allMatch(reduced.columns()::contains);
      if (isCut || (conditions.isEmpty() && !source.conditions().isEmpty())) {
        return "";
      }
      boolean comesLater = sources.indexOf(source) > place;
      sql.append(
          switch (source.join()) {
            case FIRST -> "";
            case INNER -> " join ";
            case LEFT -> isChanged ? " join " : " left join ";
            case RIGHT -> comesLater ? " join " : " right join ";
            case FULL -> comesLater ? " left join " : isChanged ? " right join " : " full join ";
          });
      sql.append(isChanged ? reduced.sql() + " as " + Names.quoted(source.alias()) : source.text());
      sql.append(on(source, conditions));
    }
    return sql.toString();
  }

  /** The columns that USING names. */
  private static List<String> usingOf(Source source) {
    return SqlTokens.of(source.using()).stream()
        .filter(token -> token.isName() && !token.isWord("using"))
        .map(SqlTokens.Token::text)
        .toList();
  }

  private static String on(Source source, List<Condition> conditions) {
    if (source.join() == Join.FIRST) {
      return "";
    }
    if (!source.using().isEmpty()) {
      return " " + source.using();
    }
    return conditions.isEmpty()
        ? " on true"
        : conditions.stream()
            .map(c -> "(" + c.text() + ")")
            .collect(Collectors.joining(" and ", " on ", ""));
  }

  List<Condition> groupBy() {
    return grouping.by();
  }

  /** Whether each group of the joined rows is a row of the result, and nothing else is. */
  boolean isPlainGrouping() {
    return grouping.plain() && with.isEmpty() && shared.expressions() == null;
  }

  /** The columns that an expression mentions. */
  Set<Source.ColumnRef> mentioned(String expression) {
    return Conditions.of(expression, sources).columns();
  }

  /** The aliases of the items that an item is there with, its own among them. */
  Set<String> needed(Source source) {
    Set<String> needed = new LinkedHashSet<>();
    need(source.alias(), needed);
    return needed;
  }

  /** A SELECT of all groups: the key's columns, then a list of aggregates. */
  String groupSelect(List<String> key, String aggregates) {
    return groupSelect(
        key,
        aggregates,
        sources.stream()
            .map(
                source ->
                    switch (source.join()) {
                          case FIRST -> "";
                          case INNER -> " join ";
                          case LEFT -> " left join ";
                          case RIGHT -> " right join ";
                          case FULL -> " full join ";
                        }
                        + source.text()
                        + on(source, source.conditions()))
            .collect(Collectors.joining()));
  }

  /** The same of those joined rows that have some rows of one item. */
  String contribution(Source restricted, List<String> key, String aggregates) {
    Relation.Table table = (Relation.Table) restricted.relation();
    Set<String> all = sources.stream().map(Source::alias).collect(Collectors.toSet());
    return groupSelect(
        key,
        aggregates,
        from(
            restricted,
            new Way.Known(table.name(), Way.CHANGED_ROWS, Set.copyOf(table.columns())),
            all));
  }

  private String groupSelect(List<String> key, String aggregates, String from) {
    return "select %s, %s from %s%s group by %s"
        .formatted(
            key.stream()
                .map(c -> output(c).orElseThrow().text() + " as " + Names.quoted(c))
                .collect(Collectors.joining(", ")),
            aggregates,
            from,
            where.isEmpty()
                ? ""
                : where.stream()
                    .map(c -> "(" + c.text() + ")")
                    .collect(Collectors.joining(" and ", " where ", "")),
            grouping.by().stream().map(Condition::text).collect(Collectors.joining(", ")));
  }

  /** From changed rows of an item to the rows, by their columns, of another that is needed. */
  String reach(Source changed, Source other, List<String> columns) {
    Relation.Table table = (Relation.Table) changed.relation();
    Set<String> kept = needed(changed);
    need(other.alias(), kept);
    sources.stream().filter(s -> s.join() != Join.LEFT).forEach(s -> need(s.alias(), kept));
    return "select distinct %s from %s"
        .formatted(
            columns.stream()
                .map(c -> Names.quoted(other.alias()) + "." + Names.quoted(c) + "::text")
                .collect(Collectors.joining(", ")),
            from(
                changed,
                new Way.Known(table.name(), Way.CHANGED_ROWS, Set.copyOf(table.columns())),
                kept));
  }

  Source source(String alias) {
    return sources.stream().filter(s -> s.alias().equals(alias)).findFirst().orElseThrow();
  }

  /** Whether a column is one of a table's primary key, and the table is there in every row. */
  boolean isOfPrimaryKey(String column, Relations relations) {
    Condition output = outputs.get(column);
    if (output == null || !isColumn(output.text()) || output.columns().size() != 1) {
      return false;
    }
    Source.ColumnRef only = output.columns().iterator().next();
    Source source = source(only.alias());
    return !source.nullable()
        && source.relation() instanceof Relation.Table table
        && relations.primaryKeys().getOrDefault(table.name(), List.of()).contains(only.column());
  }

  /** Whether an expression is a column and nothing else. */
  static boolean isColumn(String text) {
    return SqlTokens.of(text).stream().allMatch(token -> token.isName() || token.isSymbol("."));
  }
}
