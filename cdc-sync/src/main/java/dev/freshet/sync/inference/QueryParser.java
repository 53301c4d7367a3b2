package dev.freshet.sync.inference;

import dev.freshet.sync.inference.Source.Condition;
import dev.freshet.sync.inference.Source.Join;
import dev.freshet.sync.inference.Source.Relation;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.sf.jsqlparser.expression.Alias;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.LateralSubSelect;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SelectItem;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.TableFunction;
import net.sf.jsqlparser.statement.select.WithItem;
import org.jspecify.annotations.Nullable;

/** Takes a parsed SELECT apart into blocks, its names resolved by the catalogue. */
final class QueryParser {

  static final String DEFAULT_SCHEMA = "public";

  private final Relations relations;

  /** Common table expressions in scope, by name. */
  private final Map<String, Relation> named;

  private QueryParser(Relations relations, Map<String, Relation> named) {
    this.relations = relations;
    this.named = new HashMap<>(named);
  }

  static Query parse(Select select, Relations relations) {
    return new QueryParser(relations, Map.of()).query(select);
  }

  private Query query(Select select) {
    return query(select, "");
  }

  /**
   * @param outer the WITH clause that stands before it, or empty
   */
  private Query query(Select select, String outer) {
    String own = with(select);
    String with =
        outer.isEmpty() || own.isEmpty()
            ? outer + own
            : outer.strip() + ", " + own.substring(own.indexOf('"'));
    if (select instanceof ParenthesedSelect parenthesed) {
      if (isCut(select)) {
        throw new SyncRefused(
            "a bracketed SELECT with LIMIT can't be followed; write it as a subquery in FROM");
      }
      return query(parenthesed.getSelect(), with);
    }
    if (select instanceof SetOperationList list) {
      if (isCut(select)) {
        throw new SyncRefused(
            "LIMIT of a UNION depends on rows of other keys; leave it to the query that reads the model");
      }
      return new Query.Combined(
          list.getSelects().stream().map(branch -> query(branch, with)).toList());
    }
    if (select instanceof PlainSelect plain) {
      return new Query.Single(block(plain, with));
    }
    throw new SyncRefused("it is not a SELECT");
  }

  private static boolean isCut(Select select) {
    return select.getLimit() != null || select.getOffset() != null || select.getFetch() != null;
  }

  /** Brings the common table expressions into scope, and returns their clause as SQL. */
  private String with(Select select) {
    List<WithItem<?>> items = select.getWithItemsList();
    if (items == null || items.isEmpty()) {
      return "";
    }
    List<String> texts = new ArrayList<>();
    boolean recursive = items.stream().anyMatch(WithItem::isRecursive);
    for (WithItem<?> item : items) {
      String name = Names.of(item.getAliasName());
      if (!(item.getParenthesedStatement() instanceof ParenthesedSelect body)) {
        throw new SyncRefused("'%s' in WITH is not a SELECT".formatted(name));
      }
      List<String> names =
          item.getWithItemList() == null
              ? List.of()
              : item.getWithItemList().stream().map(i -> Names.of(i.toString())).toList();
      boolean isOwn =
          recursive
              && SqlTokens.of(body.toString()).stream()
                  .anyMatch(t -> t.isName() && t.text().equals(name));
      if (isOwn) {
        Set<String> hidden = new LinkedHashSet<>(named.keySet());
        hidden.add(name);
        named.put(
            name,
            new Relation.Opaque(
                TableMentions.in(body.toString(), hidden), names, "the recursive WITH " + name));
      } else {
        Query query = new QueryParser(relations, named).query(body);
        named.put(name, new Relation.Derived(query, names.isEmpty() ? query.columns() : names));
      }
      texts.add(
          "%s%s as %s%s"
              .formatted(
                  Names.quoted(name),
                  names.isEmpty()
                      ? ""
                      : names.stream()
                          .map(Names::quoted)
                          .collect(Collectors.joining(", ", "(", ")")),
                  isOwn ? "" : "not materialized ",
                  ParserDialect.original(body.toString())));
    }
    return (recursive ? "with recursive " : "with ") + String.join(", ", texts) + " ";
  }

  private Block block(PlainSelect select, String with) {
    if (select.getFromItem() == null) {
      throw new SyncRefused("it reads no table");
    }
    List<Source> sources = new ArrayList<>();
    Joins joins = Joins.of(select);
    for (Joins.Item item : joins.items()) {
      sources.add(source(item.from(), item.join(), sources));
      if (item.join() != null && (item.join().isRight() || item.join().isFull())) {
        int before = sources.size() - (item.join().isRight() ? 1 : 0);
        sources.subList(0, before).replaceAll(QueryParser::asNullable);
      }
    }
    spreadNulls(sources);
    Map<String, Condition> outputs = Outputs.of(select, sources);
    List<Condition> where = new ArrayList<>();
    joins.where().forEach(on -> where.addAll(conditions(on, sources)));
    where.addAll(conditions(select.getWhere(), sources));
    Set<TableName> inExpressions = new TreeSet<>();
    for (String text : expressionTexts(select, joins)) {
      if (SqlTokens.hasWord(text, "select")) {
        inExpressions.addAll(TableMentions.in(text, named.keySet()));
      }
    }
    return new Block(
        with,
        sources,
        outputs,
        aggregated(outputs),
        where,
        grouping(select, sources, outputs),
        shared(select, outputs),
        inExpressions);
  }

  private static List<Condition> conditions(@Nullable Expression all, List<Source> sources) {
    return Conditions.conjuncts(all).stream()
        .map(one -> Conditions.of(one.toString(), sources))
        .toList();
  }

  private static Block.Grouping grouping(
      PlainSelect select, List<Source> sources, Map<String, Condition> outputs) {
    List<Condition> by = new ArrayList<>();
    if (select.getGroupBy() != null) {
      List<Condition> inOrder = List.copyOf(outputs.values());
      for (Expression expression : select.getGroupBy().getGroupByExpressionList()) {
        by.add(
            expression instanceof LongValue place && place.getValue() <= inOrder.size()
                ? inOrder.get((int) place.getValue() - 1)
                : Conditions.of(expression.toString(), sources));
      }
    }
    return new Block.Grouping(by, select.getHaving() == null && select.getDistinct() == null);
  }

  /** Those outputs that are made of several rows of FROM. */
  private Set<String> aggregated(Map<String, Condition> outputs) {
    return outputs.entrySet().stream()
        .filter(e -> SqlTokens.calls(e.getValue().ownText(), relations.aggregates()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static Source asNullable(Source s) {
    return new Source(
        s.alias(), s.relation(), s.text(), s.join(), s.conditions(), s.using(), s.needs(), true);
  }

  /** What is joined by columns that may be null may be missing, too. */
  private static void spreadNulls(List<Source> sources) {
    for (int i = 0; i < sources.size(); i++) {
      Source source = sources.get(i);
      boolean leans =
          source.join() != Join.RIGHT
              && sources.stream().anyMatch(s -> s.nullable() && source.needs().contains(s.alias()));
      if (leans && !source.nullable()) {
        sources.set(i, asNullable(source));
      }
    }
  }

  private static List<String> expressionTexts(PlainSelect select, Joins joins) {
    List<String> texts = new ArrayList<>();
    select.getSelectItems().forEach(item -> texts.add(item.toString()));
    if (select.getWhere() != null) {
      texts.add(select.getWhere().toString());
    }
    if (select.getHaving() != null) {
      texts.add(select.getHaving().toString());
    }
    if (select.getGroupBy() != null) {
      texts.add(select.getGroupBy().toString());
    }
    joins.where().forEach(on -> texts.add(on.toString()));
    for (Joins.Item item : joins.items()) {
      if (item.join() != null) {
        item.join().getOnExpressions().forEach(on -> texts.add(on.toString()));
      }
    }
    return texts;
  }

  private Block.Shared shared(PlainSelect select, Map<String, Condition> outputs) {
    if (isCut(select) || select.getTop() != null) {
      return new Block.Shared(Set.of(), "LIMIT depends on rows of other keys");
    }
    if (select.getGroupBy() != null
        && (!Objects.requireNonNullElse(select.getGroupBy().getGroupingSets(), List.of()).isEmpty()
            || SqlTokens.calls(select.getGroupBy().toString(), Set.of("rollup", "cube", "sets")))) {
      return new Block.Shared(Set.of(), "grouping sets put one row into several groups");
    }
    if (select.getGroupBy() == null
        && outputs.values().stream()
            .anyMatch(
                o ->
                    SqlTokens.calls(o.ownText(), relations.aggregates())
                        && !SqlTokens.hasWord(o.ownText(), "over"))) {
      return new Block.Shared(Set.of(), "an aggregate without GROUP BY is of all rows");
    }
    @Nullable Set<String> common = null;
    String because = "";
    if (select.getDistinct() != null && select.getDistinct().getOnSelectItems() != null) {
      common = new LinkedHashSet<>();
      for (SelectItem<?> item : select.getDistinct().getOnSelectItems()) {
        common.add(
            SqlTokens.withoutBrackets(ParserDialect.original(item.getExpression().toString())));
      }
      because = "DISTINCT ON chooses among rows of other keys";
      String order = String.valueOf(select.getOrderByElements());
      if (SqlTokens.hasWord(order, "over") || SqlTokens.hasWord(order, "select")) {
        return new Block.Shared(Set.of(), "the order of DISTINCT ON looks at rows of other keys");
      }
    }
    for (Condition output : outputs.values()) {
      for (Set<String> partition : Windows.partitions(output.ownText(), select)) {
        if (common == null) {
          common = new LinkedHashSet<>(partition);
        } else {
          common.retainAll(partition);
        }
        because = "a window function looks at rows of other keys";
      }
    }
    return new Block.Shared(common, because);
  }

  private Source source(
      FromItem item, net.sf.jsqlparser.statement.select.@Nullable Join join, List<Source> before) {
    Alias alias = item.getAlias();
    Relation relation = relation(item);
    String name =
        alias != null
            ? Names.of(alias.getName())
            : item instanceof Table table
                ? Names.of(table.getName())
                : item instanceof TableFunction function
                    ? Names.of(function.getFunction().getName())
                    : "";
    if (before.stream().anyMatch(s -> s.alias().equals(name))) {
      throw new SyncRefused(
          "'%s' names two items of FROM; give each an alias of its own".formatted(name));
    }
    if (alias != null && alias.getAliasColumns() != null) {
      List<String> names = alias.getAliasColumns().stream().map(c -> Names.of(c.name)).toList();
      List<String> all = new ArrayList<>(names);
      List<String> rest = relation.columns();
      all.addAll(rest.subList(Math.min(names.size(), rest.size()), rest.size()));
      relation = renamed(relation, all);
    }
    Join kind = kind(join);
    List<Source> scope = new ArrayList<>(before);
    Source bare =
        new Source(
            name,
            relation,
            ParserDialect.original(item.toString()),
            kind,
            List.of(),
            "",
            Set.of(),
            false);
    scope.add(bare);
    List<Condition> conditions = new ArrayList<>();
    String using = "";
    Set<String> needs = new LinkedHashSet<>();
    if (join != null) {
      join.getOnExpressions()
          .forEach(
              on ->
                  Conditions.conjuncts(on)
                      .forEach(e -> conditions.add(Conditions.of(e.toString(), scope))));
      if (join.getUsingColumns() != null && !join.getUsingColumns().isEmpty()) {
        using =
            join.getUsingColumns().stream()
                .map(Object::toString)
                .collect(Collectors.joining(", ", "using (", ")"));
        for (Column column : join.getUsingColumns()) {
          String shared = Names.of(column.getColumnName());
          before.stream()
              .filter(s -> s.relation().columns().contains(shared))
              .forEach(s -> needs.add(s.alias()));
        }
      }
    }
    conditions.forEach(c -> c.columns().forEach(column -> needs.add(column.alias())));
    if (relation instanceof Relation.Opaque && !before.isEmpty()) {
      Conditions.of(item.toString(), before).columns().forEach(column -> needs.add(column.alias()));
    }
    needs.remove(name);
    return new Source(
        name,
        relation,
        bare.text(),
        kind,
        conditions,
        using,
        needs,
        kind == Join.LEFT || kind == Join.FULL);
  }

  private static Join kind(net.sf.jsqlparser.statement.select.@Nullable Join join) {
    if (join == null) {
      return Join.FIRST;
    }
    if (join.isNatural()) {
      throw new SyncRefused(
          "NATURAL JOIN changes with the tables' columns; write the join's condition with ON");
    }
    if (join.isSemi() || join.isApply() || join.isAsOf() || join.isArray()) {
      throw new SyncRefused("'%s' is not a join of PostgreSQL's".formatted(join));
    }
    return join.isLeft()
        ? Join.LEFT
        : join.isRight() ? Join.RIGHT : join.isFull() ? Join.FULL : Join.INNER;
  }

  private static Relation renamed(Relation relation, List<String> columns) {
    return switch (relation) {
      case Relation.Table table ->
          throw new SyncRefused(
              "columns of table %s are renamed in FROM; name them by AS in the SELECT"
                  .formatted(table.name()));
      case Relation.Derived derived -> new Relation.Derived(derived.query(), columns);
      case Relation.Opaque opaque -> new Relation.Opaque(opaque.tables(), columns, opaque.what());
    };
  }

  private Relation relation(FromItem item) {
    if (item instanceof Table table) {
      String name = Names.of(table.getName());
      if (table.getSchemaName() == null && named.containsKey(name)) {
        return Objects.requireNonNull(named.get(name));
      }
      TableName full =
          new TableName(
              table.getSchemaName() == null ? DEFAULT_SCHEMA : Names.of(table.getSchemaName()),
              name);
      return new Relation.Table(full, relations.columnsOf(full));
    }
    if (item instanceof LateralSubSelect lateral) {
      return new Relation.Opaque(
          TableMentions.in(lateral.toString(), named.keySet()), List.of(), "a LATERAL subquery");
    }
    if (item instanceof ParenthesedSelect subquery) {
      Query query = new QueryParser(relations, named).query(subquery);
      return new Relation.Derived(query, query.columns());
    }
    if (item instanceof TableFunction
        || item instanceof net.sf.jsqlparser.statement.select.Values) {
      return new Relation.Opaque(
          TableMentions.in(item.toString(), named.keySet()), List.of(), "a function in FROM");
    }
    throw new SyncRefused("'%s' in FROM is not a table, a subquery or a function".formatted(item));
  }
}
