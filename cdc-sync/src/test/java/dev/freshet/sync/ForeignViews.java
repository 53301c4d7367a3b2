package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Views of other projects' test suites as models: {@code ./freshet test --peers DIR}.
 *
 * <p>Each file of the folder, SQL or sqllogictest, is a database of its own. Its tables, types and
 * functions are made, each view becomes a model, and then its changes are made one by one. After
 * each, what is live is compared with the primary. A table without a primary key gets one. A model
 * counts its view's rows by all columns, so that any view has a key.
 */
class ForeignViews extends SyncTest {

  private static final Pattern VIEW =
      Pattern.compile(
          "(?is)create\\s+(?:or\\s+replace\\s+)?(?:materialized\\s+)?view\\s+(?:if\\s+not\\s+exists\\s+)?(\\S+?)\\s*(\\([^()]*\\))?\\s+as\\s+(.*)");

  /** As an extension of PostgreSQL has it: {@code create_immv('NAME', 'SELECT …')}. */
  private static final Pattern VIEW_BY_CALL =
      Pattern.compile(
          "(?is)select\\s+(?:\\w+\\.)?create_immv\\s*\\(\\s*'(\\w+)()'\\s*,\\s*'(.*)'\\s*\\)");

  private static final Pattern INCLUDED = Pattern.compile("(?m)^include\\s+(\\S+)\\s*$");

  private static final List<String> CHANGES = List.of("insert", "update", "delete", "truncate");

  private static final List<String> DEFINITIONS =
      List.of("create table", "create type", "create function", "alter table");

  /** Words in a reason, and what it is told as. */
  private static final Map<String, String> KINDS =
      new LinkedHashMap<>(
          Map.of(
              "has ties", "no total order",
              "is undefined", "no total order",
              "floating-point", "sums of floating-point numbers",
              "is volatile", "changes without a row",
              "changes without any row", "changes without a row",
              "can't compute it", "values that it can't have",
              "refused to compute it", "values that it can't have"));

  /** Waits for models that come to nothing end here. */
  private static final int MOST_VIEWS = 200;

  private final Map<String, Integer> outcomes = new TreeMap<>();
  private final List<String> wrong = new ArrayList<>();

  @Test
  void viewsOfOtherSuitesAreKept() throws Exception {
    Path suites = Path.of(System.getProperty("freshet.peers", ""));
    List<Path> files;
    try (Stream<Path> all = Files.walk(suites)) {
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> file.toString().matches(".*\\.(sql|slt)"))
              .sorted()
              .toList();
    }
    assertThat(files).as("SQL or sqllogictest files in %s", suites).isNotEmpty();
    for (Path file : files) {
      check(file);
    }
    System.out.println("Views of " + suites + ": " + outcomes);
    wrong.forEach(System.out::println);
    assertThat(wrong).isEmpty();
  }

  private void check(Path file) throws Exception {
    makeDatabases();
    List<String> changes = new ArrayList<>();
    Map<String, String> models = new LinkedHashMap<>();
    for (String statement : statements(file)) {
      String start = statement.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
      Matcher view = VIEW.matcher(statement);
      Matcher call = VIEW_BY_CALL.matcher(statement);
      if (models.size() < MOST_VIEWS && view.matches()) {
        addModel(view.group(1), view.group(2), view.group(3), models);
      } else if (models.size() < MOST_VIEWS && call.matches()) {
        addModel(call.group(1), "", call.group(3).replace("''", "'"), models);
      } else if (DEFINITIONS.stream().anyMatch(start::startsWith)) {
        attempt(statement);
        addKeys();
      } else if (CHANGES.stream().anyMatch(start::startsWith)) {
        if (models.isEmpty()) {
          attempt(statement);
        } else {
          changes.add(statement);
        }
      }
    }
    if (models.isEmpty()) {
      return;
    }
    models(models);
    sync = startSync();
    try {
      await(() -> isDecided(models));
      compare(file, models, "the first copy");
      for (String change : changes) {
        if (attempt(change)) {
          compare(file, models, change);
        }
      }
      count(models);
    } finally {
      stopSync();
      try (Stream<Path> written = Files.list(folder.resolve("models"))) {
        for (Path model : written.toList()) {
          Files.delete(model);
        }
      }
    }
  }

  private static List<String> statements(Path file) throws Exception {
    String text = Files.readString(file);
    List<String> statements = new ArrayList<>();
    if (file.toString().endsWith(".sql")) {
      int begin = 0;
      for (SqlTokens.Token token : SqlTokens.of(text)) {
        if (token.isSymbol(";")) {
          statements.add(text.substring(begin, token.start()));
          begin = token.end();
        }
      }
    } else {
      for (String record : text.split("\\n\\s*\\n|(?=\\ninclude )", -1)) {
        Matcher included = INCLUDED.matcher(record);
        while (included.find()) {
          Path other = file.resolveSibling(included.group(1)).normalize();
          if (Files.exists(other)) {
            statements.addAll(statements(other));
          }
        }
        String bare = record.replaceAll("(?m)^#.*\\n?", "");
        if (bare.startsWith("statement ok")) {
          statements.add(bare.substring(bare.indexOf('\n') + 1));
        }
      }
    }
    return statements.stream()
        .map(statement -> statement.replaceAll("(?m)^\\s*(--.*|\\\\.*)?$", "").strip())
        .map(SqlTokens::statement)
        .filter(statement -> !statement.isEmpty())
        .toList();
  }

  private boolean attempt(String statement) {
    try {
      onPrimary(statement);
      return true;
    } catch (SQLException e) {
      return false; // another project's dialect
    }
  }

  private void addModel(
      String called, @Nullable String listed, String viewSelect, Map<String, String> models)
      throws SQLException {
    String columns = listed == null ? "" : listed;
    String name = "m" + (models.size() + 1);
    // A suite may make a view of one name several times.
    boolean isTaken =
        query(primary(), "select to_regclass(%s) is null".formatted(TableName.literal(called)))
            .equals("f");
    String view = isTaken ? called.replaceAll("\\W", "_") + "_" + name : called;
    if (!attempt("create view %s %s as %s".formatted(view, columns, viewSelect))) {
      outcomes.merge("not PostgreSQL's", 1, Integer::sum);
      return;
    }
    String list =
        query(
            primary(),
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = '%s'::regclass and attnum > 0"
                .formatted(view));
    String select =
        "select %1$s, count(*) as freshet_rows from %2$s group by %1$s".formatted(list, view);
    if (!attempt("create view freshet_%s as %s".formatted(name, select))) {
      outcomes.merge("without equality", 1, Integer::sum);
      return;
    }
    onPrimary("drop view freshet_" + name);
    List<String> key = new ArrayList<>();
    SqlTokens.of(list).stream()
        .filter(SqlTokens.Token::isName)
        .forEach(token -> key.add("'" + token.text().replace("'", "''") + "'"));
    models.put(name, "/*\nkey: [%s]\n*/\n%s".formatted(String.join(", ", key), select));
  }

  private void addKeys() throws SQLException {
    List<String> without = new ArrayList<>();
    try (Connection connection = connect(primary());
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind = 'r' and n.nspname = 'public' and not exists (
                  select from pg_index i where i.indrelid = c.oid and i.indisprimary)
                """)) {
      while (row.next()) {
        without.add(new TableName(row.getString(1), row.getString(2)).quoted());
      }
    }
    for (String table : without) {
      attempt(
          "alter table %s add column freshet_id bigint generated always as identity primary key"
              .formatted(table));
    }
  }

  private boolean isDecided(Map<String, String> models) throws Exception {
    if (isRefused()) {
      return true;
    }
    return !read("select to_regclass('freshet.model')").equals("null")
        && read("select count(*) from freshet.model where state = 'live' or (state = 'stopped' and reason <> '')")
            .equals(String.valueOf(models.size()));
  }

  /** No model of the file can be kept. */
  private boolean isRefused() throws Exception {
    return get("/api/sync").contains("\"state\":\"refused\"");
  }

  private void compare(Path file, Map<String, String> models, String after) throws Exception {
    if (isRefused()) {
      return;
    }
    awaitApplied();
    for (var model : models.entrySet()) {
      String name = model.getKey();
      if (!read("select state from freshet.model where name = '%s'".formatted(name))
          .equals("live")) {
        continue;
      }
      String select = model.getValue().substring(model.getValue().indexOf("select"));
      String stored = read(hashes("read." + name));
      if (!stored.equals(query(primary(), hashes("(" + select + ")")))) {
        wrong.add("%s: %s after %s".formatted(file.getFileName(), select, after));
      }
    }
  }

  private void count(Map<String, String> models) throws Exception {
    if (isRefused()) {
      outcomes.merge("rejected: " + kind(get("/api/sync")), models.size(), Integer::sum);
      return;
    }
    for (String name : models.keySet()) {
      String model = " from freshet.model where name = '%s'".formatted(name);
      String outcome =
          read(
              "select case when state <> 'live' then reason when kept ~ 'whole' then 'whole' else 'by key' end"
                  + model);
      boolean isLive = read("select state" + model).equals("live");
      outcomes.merge(isLive ? outcome : "rejected: " + kind(outcome), 1, Integer::sum);
    }
  }

  /** A reason without what is a model's own. */
  private static String kind(String reason) {
    return KINDS.entrySet().stream()
        .filter(kind -> reason.contains(kind.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(reason);
  }
}
