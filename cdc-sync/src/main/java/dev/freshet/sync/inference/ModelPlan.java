package dev.freshet.sync.inference;

import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.sf.jsqlparser.JSQLParserException;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.parser.ParseException;
import net.sf.jsqlparser.parser.Token;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.WithItem;

/**
 * How a model is kept in step.
 *
 * @param tables what it reads
 * @param unit the columns whose rows are recomputed together; at least one, and every change is
 *     told by them
 * @param ways from changed rows to values of the unit's columns
 * @param whole tables of which any change means that everything is recomputed
 * @param indexes what the mirrors should have
 * @param columns of the result, in order, with their types
 * @param select the SELECT to compute rows by; what WITH names is not computed as a whole
 * @param oneByOne whether units are better looked up one by one than by a list: PostgreSQL passes a
 *     single value on into subqueries, but not a list
 * @param keyMayBeNull whether a null may stand in the key, as far as the tables' keys tell
 * @param meaning a text that changes when the same declaration comes to mean something else
 * @param deltas how groups are kept without reading them again, where that can be done
 */
public record ModelPlan(
    ReadModel model,
    Set<TableName> tables,
    List<String> unit,
    List<AffectedKeys> ways,
    Set<TableName> whole,
    Set<WantedIndex> indexes,
    Map<String, String> columns,
    String select,
    boolean oneByOne,
    boolean keyMayBeNull,
    String meaning,
    Optional<DeltaPlan> deltas) {

  private static final Pattern WORD = Pattern.compile("[a-z_][a-z0-9_]*");

  /**
   * The way from changed rows of one table to the units that they touch.
   *
   * @param sql text of a query that yields the unit's columns as text, distinct
   */
  public record AffectedKeys(TableName table, String sql) {

    /** The query, with the changed rows given as a SELECT on the table. */
    public String sql(String changedRows) {
      return sql.replace(Way.CHANGED_ROWS, "(" + changedRows + ")");
    }
  }

  /** The tables that a model's text seems to mention, where there is no database to ask. */
  public static Set<TableName> tables(ReadModel model) {
    return TableMentions.in(model.select(), TableMentions.named(model.select()));
  }

  private static Select parse(String model, String sql) {
    try {
      if (CCJSqlParserUtil.parse(withColumns(ParserDialect.of(sql))) instanceof Select select) {
        return select;
      }
      throw new SyncRefused("Model %s is not a SELECT.".formatted(model));
    } catch (JSQLParserException e) {
      throw new SyncRefused(
          "Model %s can't be understood: %s. Write it in another way."
              .formatted(model, whatIsWrong(e)),
          e);
    }
  }

  private static String whatIsWrong(JSQLParserException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ParseException parsing && parsing.currentToken != null) {
        Token unexpected = parsing.currentToken.next;
        return "'%s' is not expected in line %d, column %d of the SELECT"
            .formatted(unexpected.image, unexpected.beginLine, unexpected.beginColumn);
      }
    }
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }

  /** The parser wants a SELECT to have columns; within EXISTS it is all the same which. */
  private static String withColumns(String select) {
    String text = select;
    List<SqlTokens.Token> tokens = SqlTokens.of(select);
    for (int i = tokens.size() - 2; i >= 0; i--) {
      if (tokens.get(i).isWord("select") && tokens.get(i + 1).isWord("from")) {
        text = text.substring(0, tokens.get(i).end()) + " 1" + text.substring(tokens.get(i).end());
      }
    }
    return text;
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
    Select parsed = parse(model.name(), select.text());
    try {
      return plan(model, select, parsed, QueryParser.parse(parsed, relations), relations, alsoRead);
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
      Select parsed,
      Query query,
      Relations relations,
      Set<TableName> alsoRead) {
    requireColumns(model, query.columns());
    List<String> told = model.scope().isEmpty() ? model.key() : model.scope();
    Set<TableName> tables = new TreeSet<>(query.tables());
    tables.addAll(alsoRead);
    Map<TableName, String> declared = declared(model, tables);
    Set<TableName> whole =
        declared.entrySet().stream()
            .filter(e -> e.getValue().equals("all"))
            .map(Map.Entry::getKey)
            .collect(Collectors.toCollection(TreeSet::new));
    List<Way> inferred =
        query.ways(Set.copyOf(told)).stream()
            .filter(way -> !declared.containsKey(way.table()))
            .toList();
    List<String> unit = unit(model, told, inferred);
    List<AffectedKeys> ways = new ArrayList<>();
    for (Way way : query.ways(Set.copyOf(unit))) {
      if (way instanceof Way.Known known && !declared.containsKey(way.table())) {
        ways.add(new AffectedKeys(known.table(), asText(unit, known.sql())));
      }
    }
    declared.forEach(
        (table, how) -> {
          if (!how.equals("all")) {
            ways.add(new AffectedKeys(table, declaredWay(unit, how)));
          }
        });
    Set<WantedIndex> indexes = new LinkedHashSet<>();
    query.addJoinIndexes(indexes);
    unit.forEach(column -> query.addIndexes(column, indexes));
    boolean simple =
        query instanceof Query.Single(Block block)
            && block.sources().stream().allMatch(s -> s.relation() instanceof Source.Relation.Table)
            && unit.size() == 1;
    return new ModelPlan(
        model,
        tables,
        unit,
        ways,
        whole,
        indexes,
        select.columns(),
        notMaterialized(select.text(), parsed),
        !simple,
        !(query instanceof Query.Single(Block block)
            && model.key().stream().allMatch(c -> block.isOfPrimaryKey(c, relations))),
        select.meaning(),
        query instanceof Query.Single(Block only) && unit.equals(model.key()) && declared.isEmpty()
            ? DeltaInference.of(only, model.key(), relations)
            : Optional.empty());
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
        ? new TableName(QueryParser.DEFAULT_SCHEMA, name)
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

  /** Those columns of the key that every way tells; all columns of a declared scope. */
  private static List<String> unit(ReadModel model, List<String> told, List<Way> ways) {
    List<String> unit = new ArrayList<>(told);
    for (Way way : ways) {
      switch (way) {
        case Way.Unknown unknown -> throw cannotFollow(model, told, unknown.table(), unknown.why());
        case Way.Known known -> {
          unit.retainAll(known.columns());
          if (unit.isEmpty() || (!model.scope().isEmpty() && unit.size() < told.size())) {
            throw cannotFollow(
                model,
                told,
                known.table(),
                "a change of it is not told by %s".formatted(String.join(", ", told)));
          }
        }
      }
    }
    return unit;
  }

  private static SyncRefused cannotFollow(
      ReadModel model, List<String> told, TableName table, String why) {
    String name =
        table.schema().equals(QueryParser.DEFAULT_SCHEMA) ? table.name() : table.toString();
    return new SyncRefused(
        """
        table %s can't be followed, as %s. Say in the header of %s.sql which rows a change of it touches, for example
        affects:
          %s: select %s from … where … = :COLUMN_OF_%s
        or, when the model is small, %s: all"""
            .formatted(
                name,
                why,
                model.name(),
                name,
                String.join(", ", told),
                table.name().toUpperCase(Locale.ROOT),
                name));
  }

  private static String asText(List<String> unit, String sql) {
    return SqlTokens.forValues(
        "select %s from (%s) touched"
            .formatted(
                unit.stream()
                    .map(column -> "touched." + Names.quoted(column) + "::text")
                    .collect(Collectors.joining(", ")),
                sql));
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
                  + Names.quoted(token.text())
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
          .formatted(texts, Way.CHANGED_ROWS, SqlTokens.forValues(bound), columns);
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
                .map(c -> "freshet_changed." + Names.quoted(Names.of(c)) + "::text")
                .collect(Collectors.joining(", ")),
            Way.CHANGED_ROWS);
  }

  /** How the model is kept, in a word or two for people. */
  public String kept() {
    if (deltas.isPresent()) {
      return "by delta";
    }
    if (unit.equals(model.key())) {
      return "by key";
    }
    return "by " + String.join(", ", unit);
  }

  /** PostgreSQL computes what WITH names as a whole when it is mentioned twice, unless told so. */
  private static String notMaterialized(String select, Select parsed) {
    String text = select;
    List<WithItem<?>> items =
        Objects.requireNonNullElse(parsed.getWithItemsList(), List.<WithItem<?>>of());
    if (items.stream().anyMatch(WithItem::isRecursive)) {
      return text;
    }
    for (WithItem<?> item : items) {
      Matcher matcher =
          Pattern.compile(
                  Pattern.quote(item.getAliasName()) + "\\s*(\\([^()]*\\))?\\s+as\\s*(?=\\()",
                  Pattern.CASE_INSENSITIVE)
              .matcher(text);
      if (matcher.find()) {
        text =
            text.substring(0, matcher.end()) + " not materialized " + text.substring(matcher.end());
      }
    }
    return text;
  }
}
