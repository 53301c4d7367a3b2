package dev.freshet.sync.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.sf.jsqlparser.JSQLParserException;
import net.sf.jsqlparser.expression.AnalyticExpression;
import net.sf.jsqlparser.expression.AnalyticType;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.ExpressionVisitorAdapter;
import net.sf.jsqlparser.expression.Function;
import net.sf.jsqlparser.expression.TimeKeyExpression;
import net.sf.jsqlparser.expression.operators.relational.EqualsTo;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SelectItem;
import org.jspecify.annotations.Nullable;

/**
 * What a model's SELECT says: the tables it reads, the way from each of them to the model's keys,
 * and the indexes that those ways and the recomputation by key want.
 *
 * <p>Understood are inner and left joins of base tables, with GROUP BY and any aggregates. A SELECT
 * that goes beyond is refused by name: keeping it in step by guesswork would be wrong silently.
 */
public final class SelectAnalysis {

  private static final String DEFAULT_SCHEMA = "public";

  /** Functions whose results change while no row does: volatile ones, and those of the time. */
  private static final Set<String> CHANGING =
      Set.of(
          "now",
          "transaction_timestamp",
          "statement_timestamp",
          "clock_timestamp",
          "timeofday",
          "random",
          "random_normal",
          "gen_random_uuid",
          "uuidv4",
          "uuidv7",
          "nextval",
          "currval",
          "lastval",
          "txid_current",
          "pg_current_xact_id");

  private static final Set<String> AGGREGATES =
      Set.of(
          "count",
          "sum",
          "avg",
          "min",
          "max",
          "array_agg",
          "string_agg",
          "json_agg",
          "jsonb_agg",
          "json_object_agg",
          "jsonb_object_agg",
          "bool_and",
          "bool_or",
          "every",
          "any_value");

  private final ReadModel model;
  private final List<Occurrence> occurrences = new ArrayList<>();
  private final List<Expression> keyExpressions = new ArrayList<>();

  /**
   * One mention of a table in FROM.
   *
   * @param join how it is joined; null for the first
   * @param needs the aliases that its join condition mentions besides itself
   */
  private record Occurrence(TableName table, String alias, @Nullable Join join, Set<String> needs) {

    boolean isOuter() {
      return join != null && join.isLeft();
    }

    String condition() {
      return join == null
          ? ""
          : " on "
              + join.getOnExpressions().stream()
                  .map(Object::toString)
                  .collect(Collectors.joining(" and "));
    }
  }

  /**
   * An index that the mirror should have.
   *
   * @param expression a column or a parenthesised expression, as in CREATE INDEX
   * @param column the column's name when it is one; null for an expression
   */
  public record WantedIndex(TableName table, String expression, @Nullable String column) {}

  private SelectAnalysis(ReadModel model) {
    this.model = model;
  }

  /**
   * Takes a model's SELECT apart.
   *
   * @throws SyncRefused when it can't be kept in step; it says what stands in the way
   */
  public static SelectAnalysis of(ReadModel model) {
    SelectAnalysis analysis = new SelectAnalysis(model);
    analysis.read();
    return analysis;
  }

  /** The tables that the model reads. */
  public Set<TableName> tables() {
    return occurrences.stream()
        .map(Occurrence::table)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The ways from changed rows to keys, one for each mention of a table. */
  public List<AffectedKeys> affectedKeys() {
    return occurrences.stream()
        .map(changed -> new AffectedKeys(changed.table(), affectedSql(changed)))
        .toList();
  }

  /** The indexes that make both ways short, from changes to keys and from keys to rows. */
  public Set<WantedIndex> wantedIndexes() {
    Set<WantedIndex> indexes = new LinkedHashSet<>();
    for (Occurrence occurrence : occurrences) {
      Join join = occurrence.join();
      if (join != null) {
        join.getOnExpressions().forEach(condition -> indexes.addAll(equalities(condition)));
      }
    }
    for (Expression key : keyExpressions) {
      if (key instanceof Column column) {
        indexes.addAll(index(column));
      } else {
        expressionIndex(key).ifPresent(indexes::add);
      }
    }
    return indexes;
  }

  /** An expression can be indexed when it is of one table. */
  private Optional<WantedIndex> expressionIndex(Expression key) {
    Set<String> aliases =
        occurrences.size() == 1 ? Set.of(occurrences.getFirst().alias()) : aliases(key);
    if (aliases.size() != 1) {
      return Optional.empty();
    }
    Occurrence only = occurrence(aliases.iterator().next());
    String unqualified = key.toString().replace(only.alias() + ".", "");
    return Optional.of(new WantedIndex(only.table(), "(" + unqualified + ")", null));
  }

  private void read() {
    PlainSelect select = plainSelect();
    refuseWhatRowsBesideTheKeyDecide(select);
    addOccurrence(select.getFromItem(), null);
    for (Join join : Objects.requireNonNullElse(select.getJoins(), List.<Join>of())) {
      if (join.isSimple()
          || join.isCross()
          || join.isNatural()
          || join.isRight()
          || join.isFull()
          || join.isSemi()
          || join.getOnExpressions().isEmpty()) {
        throw refused(
            "'%s' is not an inner or left join with ON".formatted(join.toString().strip()));
      }
      addOccurrence(join.getFromItem(), join);
    }
    refuseTablesOutsideFrom(select);
    Map<String, Expression> results = results(select);
    for (String column : model.key()) {
      Expression expression = results.get(column);
      if (expression == null) {
        throw new SyncRefused(
            "Model %s: its key column '%s' is not among the result's columns %s."
                .formatted(model.name(), column, String.join(", ", results.keySet())));
      }
      refuseKeyThatRowsComeAndGoUnder(column, expression);
      keyExpressions.add(expression);
    }
  }

  /**
   * A key's column must be of tables that are always there: what hangs on an outer join changes its
   * key when the first row joins, and the old key is nowhere to be found then.
   */
  private void refuseKeyThatRowsComeAndGoUnder(String column, Expression expression) {
    Set<String> nullable = new LinkedHashSet<>();
    for (Occurrence occurrence : occurrences) {
      if (occurrence.isOuter() || occurrence.needs().stream().anyMatch(nullable::contains)) {
        nullable.add(occurrence.alias());
      }
    }
    if (occurrences.size() > 1 && aliases(expression).stream().anyMatch(nullable::contains)) {
      throw refused("its key column '%s' is of an outer-joined table".formatted(column));
    }
    expression.accept(
        new ExpressionVisitorAdapter<Void>() {
          @Override
          public <S> Void visit(Function function, S context) {
            if (AGGREGATES.contains(function.getName().toLowerCase(Locale.ROOT))) {
              throw refused("its key column '%s' is an aggregate".formatted(column));
            }
            return super.visit(function, context);
          }
        });
  }

  private PlainSelect plainSelect() {
    try {
      if (CCJSqlParserUtil.parse(model.select()) instanceof Select parsed) {
        if (parsed.getWithItemsList() == null && parsed instanceof PlainSelect plain) {
          return plain;
        }
        throw refused("WITH and set operations can't be followed");
      }
      throw new SyncRefused("Model %s is not a SELECT.".formatted(model.name()));
    } catch (JSQLParserException e) {
      throw new SyncRefused(
          "Model %s can't be read as SQL: %s"
              .formatted(
                  model.name(), String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  private void refuseWhatRowsBesideTheKeyDecide(PlainSelect select) {
    if (select.getLimit() != null || select.getFetch() != null || select.getOffset() != null) {
      throw refused("LIMIT depends on rows of other keys");
    }
    if (select.getDistinct() != null && select.getDistinct().getOnSelectItems() != null) {
      throw refused("DISTINCT ON depends on rows of other keys");
    }
    if (select.getFromItem() == null) {
      throw refused("it reads no table");
    }
  }

  private void addOccurrence(FromItem item, @Nullable Join join) {
    if (!(item instanceof Table table)) {
      throw refused("'%s' in FROM is not a table".formatted(item));
    }
    if (table.getSampleClause() != null) {
      throw refused("TABLESAMPLE changes without any row changing");
    }
    TableName name =
        new TableName(
            table.getSchemaName() == null ? DEFAULT_SCHEMA : identifier(table.getSchemaName()),
            identifier(table.getName()));
    String alias = table.getAlias() == null ? name.name() : identifier(table.getAlias().getName());
    Set<String> needs = new LinkedHashSet<>();
    if (join != null) {
      join.getOnExpressions().forEach(condition -> needs.addAll(aliases(condition)));
      needs.remove(alias);
    }
    occurrences.add(new Occurrence(name, alias, join, needs));
  }

  private void refuseTablesOutsideFrom(PlainSelect select) {
    List<Expression> outside = new ArrayList<>();
    occurrences.stream()
        .map(Occurrence::join)
        .filter(Objects::nonNull)
        .forEach(join -> outside.addAll(Objects.requireNonNull(join).getOnExpressions()));
    if (select.getGroupBy() != null) {
      for (Object member : select.getGroupBy().getGroupByExpressionList()) {
        outside.add((Expression) member);
      }
    }
    select.getSelectItems().forEach(item -> outside.add(item.getExpression()));
    if (select.getWhere() != null) {
      outside.add(select.getWhere());
    }
    if (select.getHaving() != null) {
      outside.add(select.getHaving());
    }
    for (Expression expression : outside) {
      expression.accept(
          new ExpressionVisitorAdapter<Void>() {
            @Override
            public <S> Void visit(Select subquery, S context) {
              throw refused("a subquery outside FROM can't be followed");
            }

            @Override
            public <S> Void visit(ParenthesedSelect subquery, S context) {
              throw refused("a subquery outside FROM can't be followed");
            }

            @Override
            public <S> Void visit(TimeKeyExpression time, S context) {
              throw refused("'%s' changes without any row changing".formatted(time));
            }

            @Override
            public <S> Void visit(Function function, S context) {
              if (CHANGING.contains(function.getName().toLowerCase(Locale.ROOT))) {
                throw refused("'%s' changes without any row changing".formatted(function));
              }
              return super.visit(function, context);
            }

            @Override
            public <S> Void visit(AnalyticExpression function, S context) {
              // Aggregates with FILTER or ORDER BY are parsed as these, too.
              if (function.getType() == AnalyticType.OVER
                  || function.getType() == AnalyticType.WITHIN_GROUP_OVER) {
                throw refused("'%s' depends on rows of other keys".formatted(function));
              }
              return super.visit(function, context);
            }
          });
    }
  }

  private Map<String, Expression> results(PlainSelect select) {
    Map<String, Expression> results = new LinkedHashMap<>();
    for (SelectItem<?> item : select.getSelectItems()) {
      Expression expression = item.getExpression();
      if (item.getAlias() != null) {
        results.put(identifier(item.getAlias().getName()), expression);
      } else if (expression instanceof Column column) {
        results.put(identifier(column.getColumnName()), expression);
      }
    }
    return results;
  }

  private String affectedSql(Occurrence changed) {
    Set<String> inner = new LinkedHashSet<>();
    makeInner(changed, inner);
    StringBuilder sql = new StringBuilder("select distinct ");
    sql.append(
        keyExpressions.stream()
            .map(key -> "(" + key + ")::text")
            .collect(Collectors.joining(", ")));
    sql.append(" from ");
    for (Occurrence occurrence : occurrences) {
      if (occurrence.join() != null) {
        sql.append(
            occurrence.isOuter() && !inner.contains(occurrence.alias()) ? " left join " : " join ");
      }
      sql.append(
          occurrence.alias().equals(changed.alias())
              ? AffectedKeys.CHANGED_ROWS
              : occurrence.table().quoted());
      sql.append(" as ").append(TableName.quoted(occurrence.alias()));
      sql.append(occurrence.condition());
    }
    return sql.toString();
  }

  /**
   * Whoever joins a row of {@code occurrence} must have joined rows of all that its ON mentions.
   */
  private void makeInner(Occurrence occurrence, Set<String> inner) {
    if (inner.add(occurrence.alias())) {
      occurrence.needs().forEach(alias -> makeInner(occurrence(alias), inner));
    }
  }

  private Occurrence occurrence(String alias) {
    return occurrences.stream()
        .filter(occurrence -> occurrence.alias().equals(alias))
        .findFirst()
        .orElseThrow(() -> refused("'%s' names no table in FROM".formatted(alias)));
  }

  private Set<WantedIndex> equalities(Expression condition) {
    Set<WantedIndex> indexes = new LinkedHashSet<>();
    condition.accept(
        new ExpressionVisitorAdapter<Void>() {
          @Override
          public <S> Void visit(EqualsTo equality, S context) {
            if (equality.getLeftExpression() instanceof Column left) {
              indexes.addAll(index(left));
            }
            if (equality.getRightExpression() instanceof Column right) {
              indexes.addAll(index(right));
            }
            return super.visit(equality, context);
          }
        });
    return indexes;
  }

  private Set<WantedIndex> index(Column column) {
    if (column.getTable() == null || column.getTable().getName() == null) {
      return Set.of();
    }
    Occurrence of = occurrence(identifier(column.getTable().getName()));
    String name = identifier(column.getColumnName());
    return Set.of(new WantedIndex(of.table(), TableName.quoted(name), name));
  }

  private Set<String> aliases(Expression expression) {
    Set<String> aliases = new LinkedHashSet<>();
    expression.accept(
        new ExpressionVisitorAdapter<Void>() {
          @Override
          public <S> Void visit(Column column, S context) {
            if (column.getTable() == null || column.getTable().getName() == null) {
              throw refused(
                  "'%s' does not say which table it is of; write ALIAS.%s"
                      .formatted(column, column));
            }
            aliases.add(identifier(column.getTable().getName()));
            return null;
          }
        });
    return aliases;
  }

  /** An identifier as the catalogue has it: unquoted ones are in lower case. */
  private static String identifier(String written) {
    return written.startsWith("\"")
        ? written.substring(1, written.length() - 1).replace("\"\"", "\"")
        : written.toLowerCase(Locale.ROOT);
  }

  private SyncRefused refused(String why) {
    return new SyncRefused(
        "Model %s can't be kept in step: %s. Declare it with inner and left joins of tables and GROUP BY."
            .formatted(model.name(), why));
  }
}
