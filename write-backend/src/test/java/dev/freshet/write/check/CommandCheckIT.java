package dev.freshet.write.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.write.declaration.CommandFile;
import dev.freshet.write.declaration.CommandFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandCheckIT {

  private static final Path RESTAURANT = Path.of("../infra/restaurant");

  /** Whatever stands in the restaurant's SQL and is its schema's, or its own. */
  private static final Set<String> NAMES =
      Set.of(
          "menu_item",
          "orders",
          "order_item",
          "sku",
          "price",
          "available",
          "status",
          "version",
          "quantity",
          "unit_price",
          "order_id",
          "line",
          "placed_at",
          "updated_at",
          "table_no",
          "customer",
          "kind",
          "jsonb_to_recordset",
          "gen_random_uuid",
          "jsonb_array_elements");

  @TempDir static Path folder;

  private static Cluster cluster;
  private static Connection connection;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 16_460, false));
    connection = cluster.primary().connect();
    try (Stream<Path> files = Files.list(RESTAURANT.resolve("schema"));
        Statement statement = connection.createStatement()) {
      for (Path file : files.sorted().toList()) {
        statement.execute(Files.readString(file));
      }
      statement.execute(
          """
          create table event (stream text, version bigint, type text not null, data jsonb not null, primary key (stream, version));
          create view balance as select stream as account, max(version) as version, sum((data ->> 'amount')::numeric) as total
            from event group by stream;
          create type mood as enum ('fine');
          create role cook;
          """);
    }
  }

  @AfterAll
  static void stop() throws SQLException {
    connection.close();
    cluster.close();
  }

  private static CheckedCommand check(String name, String text) throws SQLException {
    return CommandCheck.check(CommandFile.read(name, text), connection);
  }

  @Test
  void samplesAreRightAndNoRaceIsSeenInThem() throws Exception {
    for (Map.Entry<String, String> file :
        CommandFiles.texts(RESTAURANT.resolve("commands")).entrySet()) {
      assertThat(check(file.getKey(), file.getValue()).warnings()).as(file.getKey()).isEmpty();
    }
  }

  /** Each a change to a right command, and told where it is. */
  @Test
  void wrongCommandsAreRefusedWithTheirPlaces() throws Exception {
    int refused = 0;
    List<String> survivors = new ArrayList<>();
    for (Map.Entry<String, String> file :
        CommandFiles.texts(RESTAURANT.resolve("commands")).entrySet()) {
      for (Mutant mutant : mutants(file.getValue())) {
        String place = "%s, line %d: %s".formatted(file.getKey(), mutant.line(), mutant.what());
        try {
          check(file.getKey(), mutant.text());
          survivors.add(place);
        } catch (FileInvalid e) {
          refused++;
          assertThat(e).as(place).hasMessageStartingWith(file.getKey() + ".sql, line ");
          if (mutant.isLocal()) {
            assertThat(e.problems().stream().map(FileProblem::line))
                .as(place + e.getMessage())
                .contains(mutant.line());
          }
        }
      }
    }
    assertThat(survivors).isEmpty();
    assertThat(refused).isGreaterThan(200);
  }

  /**
   * A command with a slip.
   *
   * @param isLocal whether it must be told where it is; a name may be missed where it is used
   */
  private record Mutant(String text, int line, String what, boolean isLocal) {}

  private static List<Mutant> mutants(String text) {
    List<Mutant> mutants = new ArrayList<>();
    int headerEnd = text.indexOf("*/");
    for (MatchResult key :
        Pattern.compile("(?m)^(\\w[\\w-]*):")
            .matcher(text.substring(0, headerEnd))
            .results()
            .toList()) {
      mutants.add(mutant(text, key.start(1), key.end(1), key.group(1) + "x", true));
    }
    for (String word :
        List.of(
            "required",
            "properties",
            "enum",
            "type",
            "minimum",
            "maxLength",
            "items",
            "allOf",
            "const")) {
      for (MatchResult keyword :
          Pattern.compile("\\b" + word + "(?=:)")
              .matcher(text.substring(0, headerEnd))
              .results()
              .toList()) {
        mutants.add(
            mutant(text, keyword.start(), keyword.end(), "x" + word, !word.equals("items")));
      }
    }
    String sql = text.substring(headerEnd + 2);
    for (Token token : SqlTokens.of(sql)) {
      int start = headerEnd + 2 + token.start();
      int end = headerEnd + 2 + token.end();
      String written = text.substring(start, end);
      switch (token.kind()) {
        case PARAMETER -> mutants.add(mutant(text, start, end, written + "_x", true));
        case WORD -> {
          String line = text.substring(0, end).replaceFirst("(?s).*\n", "");
          // What a record set's columns are called is the author's own choice.
          boolean isChosen = line.contains("jsonb_to_recordset(:items)");
          if (NAMES.contains(token.text()) && !isChosen) {
            mutants.add(mutant(text, start, end, written + "_x", false));
          }
          if (Set.of("select", "insert", "update", "delete", "values", "returning")
              .contains(token.text())) {
            mutants.add(mutant(text, start, end, written + "x", false));
          }
        }
        case SYMBOL -> {
          if (Set.of("(", ")").contains(token.text())) {
            mutants.add(mutant(text, start, end, " ", false));
          }
        }
        case STRING ->
            mutants.add(
                mutant(text, start, end, written.substring(0, written.length() - 1), false));
        default -> {
          // Another quantity is another command, and no wrong one.
        }
      }
    }
    return mutants;
  }

  private static Mutant mutant(String text, int start, int end, String with, boolean isLocal) {
    int line = 1 + (int) text.substring(0, start).chars().filter(c -> c == '\n').count();
    return new Mutant(
        text.substring(0, start) + with + text.substring(end),
        line,
        "%s for %s".formatted(with, text.substring(start, end)),
        isLocal);
  }

  private static final String SHIP =
      """
      /*
      request: POST /orders/{id}/ship
      path: { id: uuid }
      body: { properties: { note: { type: string }, n: { type: integer } } }
      state: select status, version, kind from orders where id = :id for update
      answer: 201 /orders/{id}/ship/{n}
      */
      select 'conflict' as refused, 'No.' as detail where :state.status = 'x';
      update orders set status = 'ready' where id = :id returning version as v;
      select id, :last.v + :n as n from orders where id = :id;
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{ id: uuid }|{ id: uid }|line 3, column 13: there is no type uid",
        ":state.status =|:state.state =|line 8, column 53: the state has no column state; did you mean status?",
        ":last.v|:last.w|line 10, column 12: the row of the statement before has no column w",
        "returning version as v|``|line 10, column 12: the statement before returns no row that :last could be",
        "'conflict' as refused|'confict' as refused|line 8, column 8: 'confict' is no code; declare it with its status, as in problems: { confict: 409 }",
        "'No.' as detail|'No.' as details|line 8, column 1: a refusal has no column details; it has detail, message, pointer, refused",
        "'No.' as detail|'/a' as pointer|line 8, column 1: a refusal has pointer and message, or neither",
        "answer: 201 /orders/{id}/ship/{n}|answer: 201 /orders/{nr}|line 6, column 9: neither the last statement's row nor the path has {nr}; there are id, n",
        "select id, :last.v + :n as n from|select id, :last.v + :n as id from|line 10, column 1: its result has two columns id",
        "select id, :last.v + :n as n from|select id, :last.v + :n from|line 10, column 1: a column of its result has no name",
        "from orders where id = :id;|from ordes where id = :id;|line 10, column 35: relation \"ordes\" does not exist",
        "status = 'ready'|placed_at = :n|line 9, column 31: column \"placed_at\" is of type timestamp with time zone but expression is of type bigint",
        "update orders set|select 1 as one; update orders set|line 9, column 1: this changes nothing, locks nothing and refuses nothing",
        "select 'conflict'|select 'conflict' as refused; select 'conflict'|",
        "state: select status|role: nobody\\nstate: select status|line 5, column 7: the login can't become nobody",
        "state: select status|constraints: { orders_pky: 409 x }\\nstate: select status|line 5, column 16: there is no constraint and no unique index orders_pky; did you mean orders_pkey?",
        "state: select status, version|if-match: required\\nstate: select status, kind as version|line 6, column 8: If-Match is held against a column version of whole numbers",
        "state: select status, version, kind from orders|state: select nothing from orders|line 5, column 15: column \"nothing\" does not exist",
        "answer: 201 /orders/{id}/ship/{n}|answer: { created: 201 /a/{id}, else: 200 }|line 6, column 20: the last statement has no boolean column created",
        "select id, :last.v + :n as n from orders where id = :id;|delete from orders where id = :id;|line 10, column 1: the last statement returns no row for the answer",
        "select id, :last.v + :n as n from orders where id = :id;|``|line 6, column 9: neither the last statement's row nor the path has {n}; there are v",
        "select id, :last.v + :n as n from orders where id = :id;|select 'conflict' as refused where false;|line 10, column 1: the last statement refuses",
      })
  void whatThePrimaryCanNotAnswerIsToldWithItsPlace(String right, String slip, String said)
      throws SQLException {
    String text = SHIP.replace(right, slip.replace("\\n", "\n"));
    assertThat(text).isNotEqualTo(SHIP);
    if (said == null) {
      check("ship", text);
    } else {
      assertThatThrownBy(() -> check("ship", text)).hasMessageContaining("ship.sql, " + said);
    }
  }

  @Test
  void placesAreRightBehindLettersOutsideTheBasicPlaneAndWithinTheAnswer() {
    assertThatThrownBy(
            () -> check("a", "/* request: POST /a/{x} */ select '😀😀é' as a, :x as b, nope as c"))
        .hasMessage("a.sql, line 1, column 58: column \"nope\" does not exist");
  }

  /** Rows that others may change in between are warned of, and what guards them is seen. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|select 'conflict' as refused from menu_item where sku = :x|others may change menu_item between this check and what the command writes",
        "|select 'conflict' as refused from menu_item m join orders o on true|others may change menu_item and orders",
        "|select 'conflict' as refused where exists (select from menu_item where sku = :x)|others may change menu_item",
        "state: select version from orders where kind = :x|select 'conflict' as refused where :state.version = 3|the state is decided on, and others may change it",
        "isolation: serializable|select 'conflict' as refused from menu_item where sku = :x|",
        "constraints: { menu_item_pkey: 409 it is taken }|select 'conflict' as refused from menu_item where sku = :x|",
        "state: select version from orders where kind = :x for update|select 'conflict' as refused where :state.version = 3|",
        "|select 'conflict' as refused from menu_item where sku = :x for share|",
        "|select 1 from menu_item where sku = :x for no key update; select 'conflict' as refused from menu_item where sku = :x|",
        "|update menu_item set price = 1 where sku = :x; select 'conflict' as refused from menu_item where price < 0|",
        "|select 'conflict' as refused where :x = 'x'|",
        "state: select * from balance where account = :x|select 'conflict' as refused where :state.total < 1; insert into event values (:x, :state.version + 1, 't', '{}')|",
      })
  void racesAreWarnedOf(String header, String statements, String said) throws SQLException {
    String text =
        "/*\nrequest: POST /a/{x}\n%s\nanswer: 204\n*/\n%s;\ninsert into orders (id, kind, status, placed_at, updated_at) values (gen_random_uuid(), :x, 'x', now(), now())"
            .formatted(header == null ? "" : header, statements);
    List<FileProblem> warnings = check("a", text).warnings();
    if (said == null) {
      assertThat(warnings).isEmpty();
    } else {
      assertThat(warnings).singleElement().asString().contains(said);
    }
  }

  @Test
  void primaryKeysOfEventTablesAreKnown() throws SQLException {
    assertThat(check("a", "/* request: POST /a */ select 1 as n").streams())
        .containsExactly("event_pkey");
  }

  @Test
  void typesAreInferredWherePostgresqlCanAndTextsWhereItCanNot() throws SQLException {
    CheckedCommand command =
        check(
            "a",
            """
            /*
            request: POST /a/{p}
            path: { p: mood }
            body: { properties: { s: { type: string }, i: { type: integer }, f: { type: number }, b: { type: boolean }, o: { type: object }, x: {} } }
            */
            select :p as p, :s as s, format('%s', :s) as g, placed_at = :s as t, :s || :s as u, :i as i, :f as f, :b as b, :o as o, :x as x,
              :body as body, :claims as claims, :principal as pr, :now as now from orders
            """);
    assertThat(command.steps().getFirst().sql().bindings())
        .extracting(binding -> binding.name() + " " + binding.type())
        .containsExactly(
            "p mood",
            "s text",
            "s text",
            "s timestamptz",
            "s text",
            "s text",
            "i bigint",
            "f numeric",
            "b boolean",
            "o jsonb",
            "x jsonb",
            "body jsonb",
            "claims jsonb",
            "principal text",
            "now timestamptz");
  }
}
