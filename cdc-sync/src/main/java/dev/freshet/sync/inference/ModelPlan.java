package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.QueryReader;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.query.Select;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How a model is kept in step.
 *
 * @param tables what it reads
 * @param unit the columns whose rows are recomputed together; none when everything always is
 * @param ways from changed rows to values of the unit's columns
 * @param signals from changed rows to a row, if they mean that everything is recomputed
 * @param indexes what the mirrors should have
 * @param columns of the result, in order, with their types
 * @param select the SELECT to compute rows by; what WITH names stands where it is mentioned, so
 *     that it is not computed as a whole
 * @param oneByOne whether units are better looked up one by one than by a list: PostgreSQL passes a
 *     single value on into subqueries, but not a list
 * @param keyMayBeNull whether a null may stand in the key, as far as the tables' keys tell
 * @param meaning a text that changes when the same declaration comes to mean something else
 * @param because why a change of some tables means that everything is recomputed, for people
 * @param deltas how groups are kept without reading them again, where that can be done
 */
public record ModelPlan(
    ReadModel model,
    Set<TableName> tables,
    List<String> unit,
    List<AffectedKeys> ways,
    List<AffectedKeys> signals,
    Set<WantedIndex> indexes,
    Map<String, String> columns,
    String select,
    boolean oneByOne,
    boolean keyMayBeNull,
    String meaning,
    Map<TableName, String> because,
    Optional<DeltaPlan> deltas) {

  private static final Pattern WORD = Pattern.compile("[a-z_][a-z0-9_]*");

  /**
   * The way from changed rows of one table to the units that they touch.
   *
   * @param sql text of a query that yields the unit's columns as text, distinct; for a signal, any
   *     rows
   */
  public record AffectedKeys(TableName table, String sql) {

    /** The query, with the changed rows given as a SELECT on the table. */
    public String sql(String changedRows) {
      return "with %s as (%s) %s".formatted(Reach.CHANGED_ROWS, changedRows, sql);
    }
  }

  /** The tables that a model's text seems to mention, where there is no database to ask. */
  public static Set<TableName> tables(ReadModel model) {
    return TableMentions.in(model.select(), TableMentions.named(model.select()));
  }

  /**
   * Finds out how a model is kept in step.
   *
   * @param select the model's SELECT
   * @param alsoRead tables that functions read, as far as the header says how they affect it
   * @throws SyncRefused when it can't be; it says why and what to write
   */
  public static ModelPlan of(
      ReadModel model, ResolvedSelect select, Relations relations, Set<TableName> alsoRead) {
    try {
      return plan(model, select, QueryReader.read(select.text(), relations), relations, alsoRead);
    } catch (TableMissing e) {
      throw new TableMissing(refusal(model, e));
    } catch (SyncRefused e) {
      throw new SyncRefused(refusal(model, e), e);
    }
  }

  private static String refusal(ReadModel model, SyncRefused why) {
    return "Model %s can't be kept in step: %s.".formatted(model.name(), why.getMessage());
  }

  private static ModelPlan plan(
      ReadModel model,
      ResolvedSelect select,
      Query query,
      Relations relations,
      Set<TableName> alsoRead) {
    requireColumns(model, query.columns());
    Set<TableName> tables = new TreeSet<>(query.tables());
    tables.addAll(alsoRead);
    TotalOrder.objection(query, relations)
        .ifPresent(
            objection -> {
              throw new SyncRefused(objection);
            });
    Map<TableName, String> declared = declared(model, tables);
    List<String> unit = unit(model, inferred(query, told(model), declared));
    List<AffectedKeys> ways = new ArrayList<>();
    List<AffectedKeys> signals = new ArrayList<>();
    Map<TableName, String> because = new TreeMap<>();
    for (Reach reach : inferred(query, unit, declared)) {
      switch (reach) {
        case Reach.Rows rows when !unit.isEmpty() && rows.columns().containsAll(unit) ->
            ways.add(new AffectedKeys(rows.table(), asText(unit, rows.sql())));
        case Reach.Rows rows -> {
          signals.add(signal(rows));
          because.put(
              rows.table(), "a change of it is not told by " + String.join(", ", told(model)));
        }
        case Reach.Whole whole -> {
          signals.add(signal(whole));
          because.put(whole.table(), model.isOneRow() ? "the result is one row" : whole.because());
        }
      }
    }
    declared.forEach(
        (table, how) -> {
          if (how.equals("all")) {
            signals.add(
                new AffectedKeys(table, "select from %s as changed".formatted(Reach.CHANGED_ROWS)));
            because.put(table, "its header says so");
          } else if (model.isOneRow()) {
            throw new SyncRefused(
                "'%s' in affects says which rows a change touches, and key: none that there is one. Write all, or leave it out"
                    .formatted(how));
          } else {
            ways.add(new AffectedKeys(table, declaredWay(unit, how)));
          }
        });
    boolean isSimple =
        query instanceof Select single
            && single
                .from()
                .map(f -> f.items().stream().allMatch(From.Table.class::isInstance))
                .orElse(false)
            && unit.size() == 1;
    Optional<Select> single = query instanceof Select one ? Optional.of(one) : Optional.empty();
    boolean isDeclared = !declared.isEmpty() || !alsoRead.isEmpty();
    return new ModelPlan(
        model,
        tables,
        unit,
        ways,
        signals,
        Indexes.of(query, unit),
        select.columns(),
        SqlTokens.hasWord(select.text(), "with") || !relations.views().isEmpty()
            ? query.sql()
            : select.text(),
        !isSimple,
        !model.isOneRow()
            && (single.isEmpty()
                || !model.key().stream().allMatch(c -> isOfPrimaryKey(single.get(), c, relations))),
        select.meaning(),
        because,
        single.isPresent() && unit.equals(model.key()) && !unit.isEmpty() && !isDeclared
            ? DeltaInference.of(single.get(), model.key(), select.ambiguous(), relations)
            : Optional.empty());
  }

  private static List<String> told(ReadModel model) {
    return model.scope().isEmpty() ? model.key() : model.scope();
  }

  private static List<Reach> inferred(
      Query query, List<String> columns, Map<TableName, String> declared) {
    Set<String> wanted = new LinkedHashSet<>(columns);
    return Reaches.of(query, wanted, wanted).stream()
        .filter(reach -> !declared.containsKey(reach.table()))
        .toList();
  }

  private static AffectedKeys signal(Reach reach) {
    return new AffectedKeys(reach.table(), SqlTokens.forValues(reach.signal()));
  }

  /** Whether a column is one of a table's primary key, and the table is there in every row. */
  private static boolean isOfPrimaryKey(Select select, String column, Relations relations) {
    Expression output = select.output(column).orElseThrow().expression();
    if (!output.isColumn() || select.grouping().sets().isPresent()) {
      return false;
    }
    ColumnRef only = output.columns().iterator().next();
    return Joined.always(select).stream()
        .anyMatch(
            table ->
                table.alias().equals(only.alias())
                    && relations.keyOf(table).contains(only.column()));
  }

  private static void requireColumns(ReadModel model, List<String> columns) {
    List<String> wanted = new ArrayList<>(model.key());
    wanted.addAll(model.scope());
    if (model.version() != null) {
      wanted.add(model.version());
    }
    for (String column : wanted) {
      if (!columns.contains(column)) {
        throw new SyncRefused(
            "its header names a column '%s', and the result has %s"
                .formatted(column, String.join(", ", columns)));
      }
    }
  }

  /** The tables that a header says something of under affects. */
  public static Set<TableName> affecting(ReadModel model) {
    return model.affects().keySet().stream()
        .map(ModelPlan::affecting)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static TableName affecting(String name) {
    int dot = name.indexOf('.');
    return dot < 0
        ? new TableName(TableMentions.DEFAULT_SCHEMA, name)
        : new TableName(name.substring(0, dot), name.substring(dot + 1));
  }

  private static Map<TableName, String> declared(ReadModel model, Set<TableName> tables) {
    Map<TableName, String> declared = new LinkedHashMap<>();
    model
        .affects()
        .forEach(
            (name, how) -> {
              TableName table = affecting(name);
              if (!tables.contains(table)) {
                throw new SyncRefused(
                    "its header says how %s affects it, but it reads %s"
                        .formatted(
                            name,
                            tables.stream()
                                .map(Object::toString)
                                .collect(Collectors.joining(", "))));
              }
              declared.put(table, how.strip());
            });
    return declared;
  }

  /**
   * Those columns of the key that the reaches find, as far as they have some in common; all columns
   * of a declared scope. What is not found by them is recomputed as a whole.
   */
  private static List<String> unit(ReadModel model, List<Reach> reaches) {
    List<String> unit = new ArrayList<>(told(model));
    reaches.stream()
        .flatMap(reach -> reach instanceof Reach.Rows rows ? Stream.of(rows) : Stream.empty())
        .sorted(Comparator.comparingInt(rows -> -rows.columns().size()))
        .forEach(
            rows -> {
              List<String> common = new ArrayList<>(unit);
              common.retainAll(rows.columns());
              if (!common.isEmpty() && (model.scope().isEmpty() || common.size() == unit.size())) {
                unit.retainAll(common);
              }
            });
    return unit;
  }

  private static String asText(List<String> unit, String sql) {
    return SqlTokens.forValues(
        "select distinct %s from (%s) touched"
            .formatted(
                unit.stream()
                    .map(column -> "touched." + TableName.quoted(column) + "::text")
                    .collect(Collectors.joining(", ")),
                sql));
  }

  /** An identifier as the catalogue has it: unquoted ones are in lower case. */
  private static String written(String identifier) {
    return identifier.startsWith("\"")
        ? identifier.substring(1, identifier.length() - 1).replace("\"\"", "\"")
        : identifier.toLowerCase(Locale.ROOT);
  }

  /** The way that a header declares: columns of the changed row, or a SELECT by them. */
  private static String declaredWay(List<String> unit, String how) {
    if (SqlTokens.hasWord(how, "select")) {
      String bound = how;
      List<SqlTokens.Token> tokens = SqlTokens.of(how);
      for (int i = tokens.size() - 1; i >= 0; i--) {
        SqlTokens.Token token = tokens.get(i);
        if (token.kind() == SqlTokens.Kind.PARAMETER) {
          bound =
              bound.substring(0, token.start())
                  + "freshet_changed."
                  + TableName.quoted(token.text())
                  + bound.substring(token.end());
        }
      }
      String columns =
          IntStream.range(0, unit.size()).mapToObj(i -> "u" + i).collect(Collectors.joining(", "));
      String texts =
          IntStream.range(0, unit.size())
              .mapToObj(i -> "touched.u" + i + "::text")
              .collect(Collectors.joining(", "));
      return "select distinct %s from %s as freshet_changed cross join lateral (%s) touched(%s)"
          .formatted(texts, Reach.CHANGED_ROWS, SqlTokens.forValues(bound), columns);
    }
    List<String> columns = Arrays.stream(how.split(",", -1)).map(String::strip).toList();
    if (columns.size() != unit.size()
        || !columns.stream().allMatch(c -> WORD.matcher(c).matches() || c.startsWith("\""))) {
      throw new SyncRefused(
          "'%s' in affects is neither a SELECT nor the changed row's column for each of %s"
              .formatted(how, String.join(", ", unit)));
    }
    return "select distinct %s from %s as freshet_changed"
        .formatted(
            columns.stream()
                .map(c -> "freshet_changed." + TableName.quoted(written(c)) + "::text")
                .collect(Collectors.joining(", ")),
            Reach.CHANGED_ROWS);
  }

  /** How the model is kept, in a few words for people. */
  public String kept() {
    if (tables.isEmpty()) {
      return "constant";
    }
    if (deltas.isPresent() && because.isEmpty()) {
      return "by delta";
    }
    String rows =
        deltas.isPresent()
            ? "by delta"
            : unit.equals(model.key()) ? "by key" : "by " + String.join(", ", unit);
    if (because.isEmpty()) {
      return rows;
    }
    return because.keySet().containsAll(tables)
        ? "whole"
        : "%s; whole when %s changes"
            .formatted(
                rows,
                because.keySet().stream()
                    .map(ModelPlan::shortName)
                    .collect(Collectors.joining(" or ")));
  }

  private static String shortName(TableName table) {
    return table.schema().equals(TableMentions.DEFAULT_SCHEMA) ? table.name() : table.toString();
  }
}
